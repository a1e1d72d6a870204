import { describe, expect, it } from 'vitest';
import { add, asPoints, type DrawnPoint, erase, MAX_POINTS, snap } from './drawing';

const DOMAIN = [-6, 6] as const;

describe('drawn points', () => {
  it('lie inside the domain, on hundredths', () => {
    expect(snap(7, -0.001, DOMAIN)).toEqual([6, 0]);
    expect(snap(1.2349, -9, DOMAIN)).toEqual([1.23, -6]);
  });

  it('are added once, and not without end', () => {
    const one: DrawnPoint[] = [[1, 1, 0]];
    expect(add(one, [1, 1, 0])).toBe(one);
    expect(add(one, [1, 1, 1])).toHaveLength(2);
    const full = Array.from({ length: MAX_POINTS }, (_, i): DrawnPoint => [i, 0, 0]);
    expect(add(full, [0, 1, 0])).toBe(full);
  });

  it('are erased by nearness', () => {
    const two: DrawnPoint[] = [
      [0, 0, 0],
      [3, 3, 1],
    ];
    expect(erase(two, 0.1, 0, 0.3)).toEqual([[3, 3, 1]]);
    expect(erase(two, -5, 0, 0.3)).toBe(two);
  });

  it('keep the part that the server gave them', () => {
    const known = asPoints(
      [
        [0, 0, 0],
        [1, 2, 1],
      ],
      null,
    );
    known.split.data[1] = 2;
    const next = asPoints(
      [
        [1, 2, 1],
        [4, 4, 0],
      ],
      known,
    );
    expect([...next.split.data]).toEqual([2, 0]);
    expect([...next.inputs.data]).toEqual([1, 2, 4, 4]);
  });
});
