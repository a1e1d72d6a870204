import { describe, expect, it } from 'vitest';
import { overlaid } from './overlays';

const data = [
  [0, 10, 20],
  [5, 4, 3],
];

describe('curves of other runs', () => {
  it('stand between the rows of this one as lines do', () => {
    const other = { x: [0, 5, 15], y: [1, 2, 4] };
    expect(overlaid(data, [other])).toEqual({ columns: [...data, [1, 3, null]], first: 0 });
  });

  it('go on where this run has ended', () => {
    const other = { x: [0, 20, 40], y: [0, 2, 4] };
    const third = { x: [0, 30], y: [0, 3] };
    expect(overlaid(data, [other, third]).columns).toEqual([
      [0, 10, 20, 30, 40],
      [5, 4, 3, null, null],
      [0, 1, 2, 3, 4],
      [0, 1, 2, 3, null],
    ]);
  });

  it('are seen before this run is', () => {
    const other = { x: [0, 10, 20], y: [0, 1, 2] };
    expect(overlaid([[15], [7]], [other])).toEqual({
      columns: [
        [0, 10, 15, 20],
        [null, null, 7, null],
        [0, 1, 1.5, 2],
      ],
      first: 2,
    });
  });

  it('keep their gaps, and are all there is before this run has begun', () => {
    expect(overlaid([[], []], [{ x: [0, 1, 2], y: [1, null, 3] }]).columns).toEqual([
      [0, 1, 2],
      [null, null, null],
      [1, null, 3],
    ]);
  });

  it('are none without any', () => {
    expect(overlaid(data, [])).toEqual({ columns: data, first: 0 });
  });
});
