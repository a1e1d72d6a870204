/** What the columns of a table do to the answers, as the page lists and draws it. */

import type { Column } from '../pictures/curves';
import type { Dependence, Session } from '../types';
import { unscaled } from './words';

export interface Rise {
  column: number;
  /** By how much the loss rises without the column. */
  rise: number;
  /** Of the largest one, 0 to 1. */
  share: number;
}

/** Columns by number, the most important first; those by which nothing is won have no share. */
export function ranked(rises: ArrayLike<number>): Rise[] {
  const worth = (rise: number) => Math.max(rise || 0, 0); // NaN of a diverged network, too
  const all = Array.from(rises);
  const most = Math.max(...all.map(worth), Number.MIN_VALUE);
  return all
    .map((rise, column) => ({ column, rise, share: worth(rise) / most }))
    .sort((a, b) => b.share - a.share || a.column - b.column);
}

type Asked = Pick<Session, 'problem' | 'range' | 'scale'>;

/**
 * An output as it is read: a number in its own unit, or how likely a class is. Of two classes the
 * network may say one number, which is the second's.
 */
export function answerOf(session: Asked, output: number, outputs: number): number {
  if (session.problem === 'regression') return unscaled(session, output);
  const [low, high] = session.range;
  return outputs === 1 ? (output - low) / (high - low || 1) : output;
}

/**
 * Columns of a chart: the values, then the lines of the rows (all outputs of the first one, …),
 * then the means.
 */
export function dependenceColumns(
  session: Asked,
  { values, means, lines }: Pick<Dependence, 'values' | 'means' | 'lines'>,
): Column[] {
  const [rows = 0, outputs = 1] = lines.shape.slice(1);
  const across = (data: Float32Array, width: number): Column[] =>
    Array.from({ length: width }, (_, at) =>
      Array.from(values.data, (__, i) => {
        const answer = answerOf(session, data[i * width + at] ?? Number.NaN, outputs);
        return Number.isFinite(answer) ? answer : null;
      }),
    );
  return [
    Array.from(values.data),
    ...across(lines.data, rows * outputs),
    ...across(means.data, outputs),
  ];
}
