/** What a threshold means: who is said to be of a class where the line is drawn there. */

import type { Thresholds } from '../types';

export interface Reading {
  /** Of the class, the share that is found. */
  recall: number;
  /** Of the others, the share taken for it. */
  fallout: number;
  /** Of those taken for it, the share that is of the class; null where nothing is. */
  precision: number | null;
}

type Curves = Pick<Thresholds, 'roc' | 'precision_recall'>;

/** With all of at least the threshold taken for the class; null where there are no curves. */
export function readingAt({ roc, precision_recall }: Curves, threshold: number): Reading | null {
  if (!roc || !precision_recall) return null;
  const at = roc.thresholds.findLastIndex((one) => one >= threshold);
  return {
    recall: roc.true_positive_rate[at] ?? 0,
    fallout: roc.false_positive_rate[at] ?? 0,
    precision: precision_recall.precision[at] ?? null,
  };
}

/** From 0 to 1, or as far as answers that are no probabilities go. */
export function spanOf({ roc }: Pick<Thresholds, 'roc'>): [number, number] {
  const { thresholds = [] } = roc ?? {}; // from the highest to the lowest
  const low = Math.min(0, thresholds.at(-1) ?? 0);
  const high = Math.max(1, thresholds[0] ?? 1);
  return [Math.floor(low * 100) / 100, Math.ceil(high * 100) / 100];
}

/** A line through places, shares of 1, in a square of 100. */
export function linePath(xs: readonly number[], ys: readonly number[]): string {
  return xs.map((x, i) => `${i ? 'L' : 'M'}${across(x)} ${up(ys[i] ?? 0)}`).join('');
}

/** Stairs, each as high as at its right end: as the average precision adds them up. */
export function stairsPath(xs: readonly number[], ys: readonly number[]): string {
  return xs.map((x, i) => `${i ? 'V' : 'M0 '}${up(ys[i] ?? 0)}H${across(x)}`).join('');
}

export const across = (share: number): number => round(100 * share);
export const up = (share: number): number => round(100 - 100 * share);
const round = (value: number): number => Math.round(100 * value) / 100;
