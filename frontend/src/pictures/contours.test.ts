import { describe, expect, it } from 'vitest';
import { contourLines, margins } from './contours';

const DOMAIN = [-6, 6] as const;
const SIZE = 25;

function grid(f: (x: number, y: number) => number): Float32Array {
  const at = (i: number) => -6 + (12 * i) / (SIZE - 1);
  return Float32Array.from({ length: SIZE * SIZE }, (_, k) =>
    f(at(k % SIZE), -at(Math.floor(k / SIZE))),
  );
}

describe('contour lines', () => {
  it('of a tilted plane are where the plane has the value, from edge to edge', () => {
    const [level] = contourLines(
      grid((x) => x),
      SIZE,
      [1.3],
      DOMAIN,
    );
    expect(level?.lines).toHaveLength(1);
    const line = level?.lines[0] ?? [];
    for (const [x] of line) expect(x).toBeCloseTo(1.3, 4);
    const heights = line.map(([, y]) => y).sort((a, b) => a - b);
    expect(heights[0]).toBeCloseTo(-6, 4);
    expect(heights.at(-1)).toBeCloseTo(6, 4);
  });

  it('have y upwards', () => {
    const [level] = contourLines(
      grid((_, y) => y),
      SIZE,
      [4.1],
      DOMAIN,
    );
    for (const [, y] of level?.lines[0] ?? []) expect(y).toBeCloseTo(4.1, 4);
  });

  it('of a hill stay closed, and nothing is drawn where nothing crosses', () => {
    const hill = grid((x, y) => x * x + y * y);
    const [ring, none] = contourLines(hill, SIZE, [9, 200], DOMAIN);
    expect(ring?.lines).toHaveLength(1);
    const line = ring?.lines[0] ?? [];
    expect(line[0]).toEqual(line.at(-1));
    for (const [x, y] of line) expect(Math.hypot(x, y)).toBeCloseTo(3, 1);
    expect(none?.lines).toEqual([]);
  });

  it('that leave the domain and come back are cut there, not joined along the edge', () => {
    const saddle =
      contourLines(
        grid((x, y) => x * y),
        SIZE,
        [6],
        DOMAIN,
      )[0]?.lines ?? [];
    expect(saddle).toHaveLength(2);
    for (const line of saddle) for (const [x, y] of line) expect(x * y).toBeCloseTo(6, 0);
  });
});

describe('margins', () => {
  it('are positive exactly where a class wins', () => {
    const [a, b, c] = margins([
      [5, 1],
      [2, 4],
      [3, 4.5],
    ]);
    expect([...(a ?? [])]).toEqual([2, -3.5]);
    expect([...(b ?? [])]).toEqual([-3, -0.5]);
    expect([...(c ?? [])]).toEqual([-2, 0.5]);
  });
});
