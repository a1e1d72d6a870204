import type { Histogram } from '../types';

export interface Bar {
  /** Position and width as shares of the axis, height as a share of the tallest. */
  x: number;
  width: number;
  height: number;
  count: number;
  from: number;
  to: number;
}

/**
 * The bars of a histogram over its own [lo, hi]. Heights go by the square root of the
 * counts, so that a tall bar (all the zeros of a ReLU) leaves the others visible.
 */
export function bars({ lo, hi, counts }: Histogram): Bar[] {
  const bins = counts.data.length;
  const tallest = Math.max(1, ...counts.data);
  return Array.from(counts.data, (count, i) => ({
    x: i / bins,
    width: 1 / bins,
    height: Math.sqrt(count / tallest),
    count,
    from: lo + ((hi - lo) * i) / bins,
    to: lo + ((hi - lo) * (i + 1)) / bins,
  }));
}

/** Where 0 lies on the axis as a share, null where it is outside. */
export function zeroAt({ lo, hi }: Histogram): number | null {
  return lo < 0 && hi > 0 ? -lo / (hi - lo) : null;
}

/** How many values were counted. */
export function total({ counts }: Histogram): number {
  return counts.data.reduce((sum, count) => sum + count, 0);
}

/** The floor of the gradient bars: below it a layer learns nothing in float32. */
export const SMALLEST_NORM = 1e-8;

/** Lengths (0–1) on a log axis shared by all, from `low` to `high`, whole powers of ten. */
export function logLengths(norms: readonly number[]): {
  low: number;
  high: number;
  lengths: number[];
} {
  const sizes = norms.map((n) => (Number.isFinite(n) ? Math.max(n, SMALLEST_NORM) : 0));
  const most = Math.max(SMALLEST_NORM, ...sizes);
  const least = Math.min(most, ...sizes.filter((n) => n > 0));
  const high = Math.ceil(Math.log10(most));
  const low = Math.min(Math.floor(Math.log10(least)), high - 3);
  const length = (n: number) => Math.min(1, Math.max(0, (Math.log10(n) - low) / (high - low)));
  return {
    low: 10 ** low,
    high: 10 ** high,
    lengths: sizes.map((n) => (n > SMALLEST_NORM ? length(n) : 0)),
  };
}
