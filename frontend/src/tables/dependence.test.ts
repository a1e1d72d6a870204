import { describe, expect, it } from 'vitest';
import { answerOf, dependenceColumns, ranked } from './dependence';

const classes = { problem: 'classification', range: [0, 1] } as const;
const floats = (shape: number[], ...data: number[]) => ({ shape, data: Float32Array.from(data) });

describe('the order of columns', () => {
  it('is by their importance, and what is worth nothing has no bar', () => {
    const found = ranked([0.5, -1, 2, Number.NaN]);
    expect(found.map(({ column }) => column)).toEqual([2, 0, 1, 3]);
    expect(found.map(({ share }) => share)).toEqual([1, 0.25, 0, 0]);
  });

  it('is their own where none is worth anything', () => {
    expect(ranked([-1, 0]).map(({ column, share }) => [column, share])).toEqual([
      [0, 0],
      [1, 0],
    ]);
  });
});

describe('the lines of a partial dependence', () => {
  it('are those of the rows, output by output, then the means', () => {
    const [x, ...lines] = dependenceColumns(
      { ...classes, range: [0, 1] },
      {
        values: floats([2], -1, 1),
        means: floats([2, 2], 1, 2, 3, 4),
        lines: floats([2, 2, 2], 10, 11, 20, 21, 12, 13, 22, 23),
      },
    );
    expect(x).toEqual([-1, 1]);
    expect(lines).toEqual([
      [10, 12],
      [11, 13],
      [20, 22],
      [21, 23],
      [1, 3],
      [2, 4],
    ]);
  });

  it('are in the unit of the answer', () => {
    expect(answerOf({ problem: 'regression', range: [-1, 1], scale: [100, 10] }, 2, 1)).toBe(120);
    expect(answerOf({ problem: 'classification', range: [-1, 1] }, 0, 1)).toBe(0.5);
    expect(answerOf({ problem: 'classification', range: [-1, 1] }, 0.25, 3)).toBe(0.25);
  });
});
