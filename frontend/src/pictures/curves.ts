/** The curve as columns that a chart can draw. */

import type { Curve } from '../types';
import { smooth } from './smoothing';

export type Column = (number | null)[];

/** One column of the curve; NaN where there is none, all NaN for an unknown name. */
export function column(curve: Curve, name: string): Float64Array {
  const at = curve.columns.indexOf(name);
  return Float64Array.from(curve.rows, (row) => row[at] ?? Number.NaN);
}

/** The last number of a column that is one; null without any. */
export function latest(curve: Curve, name: string): number | null {
  const at = curve.columns.indexOf(name);
  for (let i = curve.rows.length - 1; i >= 0; i--) {
    const value = curve.rows[i]?.[at];
    if (value !== undefined && !Number.isNaN(value)) return value;
  }
  return null;
}

/** Gaps where a value cannot be drawn: NaN, infinities, and on a log axis what is not above 0. */
export function drawable(values: Float64Array, log: boolean): Column {
  return Array.from(values, (v) => (!Number.isFinite(v) || (log && v <= 0) ? null : v));
}

/**
 * What a chart draws: the x column, then for every name its smoothed values, then (if
 * anything is smoothed) for every name its raw ones. Names without any value are all gaps.
 */
export function chartData(
  curve: Curve,
  x: string,
  names: readonly string[],
  { smoothing, log }: { smoothing: number; log: boolean },
): Column[] {
  const raw = names.map((name) => column(curve, name));
  const shown = raw.map((values) => drawable(smooth(values, smoothing), log));
  const behind = smoothing > 0 ? raw.map((values) => drawable(values, log)) : [];
  return [Array.from(column(curve, x)), ...shown, ...behind];
}

export interface Overfitting {
  /** Epoch at which the held-out loss was least. */
  since: number;
  least: number;
  now: number;
  held: 'validation' | 'test';
}

const MIN_ROWS = 24;
const WEIGHT = 0.8;
/** The held-out loss is this much above its least, and the training loss this much below. */
const RISE = 1.1;
const FALL = 0.98;

/**
 * Whether the held-out loss rises while the training loss falls, over the curve so far.
 * Both are smoothed, so that a batch's noise is not taken for a trend.
 */
export function overfitting(curve: Curve): Overfitting | null {
  if (curve.rows.length < MIN_ROWS) return null;
  const held = latest(curve, 'validation_loss') === null ? 'test' : 'validation';
  const losses = smooth(column(curve, `${held}_loss`), WEIGHT);
  const train = smooth(column(curve, 'train_loss'), WEIGHT);
  const last = losses.length - 1;
  const at = indexOfLeast(losses);
  const [now, least] = [losses[last] as number, losses[at] as number];
  if (at > last * 0.8 || !(now > least * RISE)) return null;
  if (!((train[last] as number) < (train[at] as number) * FALL)) return null;
  return { since: column(curve, 'epoch')[at] as number, least, now, held };
}

function indexOfLeast(values: Float64Array): number {
  return values.reduce((best, v, i) => (v < (values[best] as number) ? i : best), 0);
}
