import { describe, expect, it } from 'vitest';
import type { Histogram } from '../types';
import { bars, logLengths, total, zeroAt } from './histograms';

const histogram = (lo: number, hi: number, ...counts: number[]): Histogram => ({
  lo,
  hi,
  counts: { shape: [counts.length], data: Uint32Array.from(counts) },
});

describe('bars', () => {
  it('cover the axis, their heights by the square root of the counts', () => {
    const [a, b] = bars(histogram(-1, 3, 25, 100));
    expect(a).toEqual({ x: 0, width: 0.5, height: 0.5, count: 25, from: -1, to: 1 });
    expect(b?.height).toBe(1);
    expect(b?.to).toBe(3);
  });

  it('of nothing have no height', () => {
    expect(bars(histogram(0, 0, 0, 0)).map((bar) => bar.height)).toEqual([0, 0]);
  });

  it('know where zero is and how many there are', () => {
    expect(zeroAt(histogram(-1, 3, 1))).toBe(0.25);
    expect(zeroAt(histogram(1, 3, 1))).toBeNull();
    expect(total(histogram(0, 1, 2, 3))).toBe(5);
  });
});

describe('gradient bars', () => {
  it('share a log axis in whole powers of ten', () => {
    const { low, high, lengths } = logLengths([0.05, 5e-5]);
    expect([low, high]).toEqual([expect.closeTo(1e-5, 12), expect.closeTo(0.1, 12)]);
    expect(lengths[0]).toBeGreaterThan(0.9);
    expect((lengths[0] ?? 0) - (lengths[1] ?? 0)).toBeCloseTo(3 / 4);
  });

  it('are empty for nothing and for what is no number', () => {
    expect(logLengths([0, 1, Number.NaN]).lengths).toEqual([0, 1, 0]);
  });
});
