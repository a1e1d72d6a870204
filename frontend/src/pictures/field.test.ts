import { describe, expect, it } from 'vitest';
import { classLut } from './colors';
import { paintWinner, resample, sample, sampleLine, tint, unbanded, winner } from './field';

const DOMAIN = [-6, 6] as const;
/** Row 0 at the top: y + 10·x on a grid of n samples. */
function plane(n: number): Float32Array {
  const at = (i: number) => -6 + (12 * i) / (n - 1);
  return Float32Array.from({ length: n * n }, (_, k) => 10 * at(k % n) - at(Math.floor(k / n)));
}

describe('a sample of a grid', () => {
  it('is exact on a plane, everywhere in the domain', () => {
    const values = plane(5);
    for (const [x, y] of [
      [-6, 6],
      [6, -6],
      [0, 0],
      [1.3, -2.7],
      [5.9, 5.9],
    ] as const) {
      expect(sample(values, 5, x, y, DOMAIN)).toBeCloseTo(10 * x + y, 4);
    }
  });

  it('is that of the edge beyond the domain', () => {
    expect(sample(plane(5), 5, 99, 0, DOMAIN)).toBeCloseTo(60, 4);
  });

  it('of a curve is exact on a line', () => {
    expect(sampleLine([-6, -2, 2, 6], 1.5, DOMAIN)).toBeCloseTo(1.5);
  });
});

describe('resampling', () => {
  it('gives every pixel the value at its centre', () => {
    const side = 24;
    const out = new Float32Array(side * side);
    resample(plane(7), 7, side, out);
    for (const [column, row] of [
      [0, 0],
      [23, 23],
      [11, 5],
    ] as const) {
      const x = -6 + (12 * (column + 0.5)) / side;
      const y = 6 - (12 * (row + 0.5)) / side;
      expect(out[row * side + column]).toBeCloseTo(10 * x + y, 3);
    }
  });
});

describe('unbanding', () => {
  it('takes the steps out of a faint slope and leaves its heights', () => {
    const size = 20;
    const slope = (k: number) => 100 + (k % size) / 4;
    const map = Uint8Array.from({ length: size * size }, (_, k) => Math.round(slope(k)));
    const smoothed = unbanded([map], size)[0] as Float32Array;
    const worst = (values: ArrayLike<number>) =>
      Math.max(...Array.from(values, (v, k) => Math.abs(v - slope(k))));
    expect(worst(map)).toBe(0.5);
    expect(worst(smoothed)).toBeLessThan(0.3);
  });

  it('leaves maps alone that have contrast', () => {
    const map = Uint8Array.of(0, 200, 3, 90);
    expect(unbanded([map], 2)).toEqual([map]);
  });
});

describe('the winning class', () => {
  it('is the largest, of equals the first', () => {
    expect(winner([[1], [3], [2]], 0)).toBe(1);
    expect(winner([[2], [2]], 0)).toBe(0);
  });

  it('is tinted by how far it is above an equal share', () => {
    expect(tint(255, 3)).toBe(1);
    expect(tint(85, 3)).toBe(tint(0, 3));
    expect(tint(170, 3)).toBeGreaterThan(tint(100, 3));
  });

  it('is painted in full where discretised', () => {
    const pixels = new Uint32Array(2);
    paintWinner([Float32Array.of(200, 90), Float32Array.of(55, 100)], false, true, pixels);
    expect([...pixels]).toEqual([classLut(0, false)[255], classLut(1, false)[255]]);
  });
});
