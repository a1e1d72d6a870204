/** A sequence, how a network goes on with it, and what truly came. */

import type { Points } from '../types';

const DIGITS = 5; // that two windows of one series have in common

/**
 * What truly follows an example: its own answer, and further while the examples at hand have the
 * window that the answer leads to, as those of one long series do. At most `most` values.
 */
export function continuation(
  points: Pick<Points, 'inputs' | 'labels'> | null,
  window: ArrayLike<number>,
  answer: number | null,
  most: number,
): number[] {
  if (answer === null || !Number.isFinite(answer)) return [];
  const time = window.length;
  const answers = new Map<string, number>();
  const { inputs, labels } = points ?? { inputs: { data: [] }, labels: { data: [] } };
  if (inputs.data.length === labels.data.length * time)
    for (let i = 0; i < labels.data.length; i++)
      answers.set(nameOf(inputs.data.slice(i * time, (i + 1) * time)), labels.data[i] ?? 0);
  const found = [answer];
  let now = [...Array.from(window).slice(1), answer];
  while (found.length < most) {
    const next = answers.get(nameOf(now));
    if (next === undefined) break;
    found.push(next);
    now = [...now.slice(1), next];
  }
  return found;
}

const nameOf = (window: ArrayLike<number>) =>
  Array.from(window, (value) => value.toPrecision(DIGITS)).join();

export type Line = (number | null)[];

/**
 * The columns of a chart: steps from now (0 is the last that is known), the past, the network's
 * own way on, and the truth. Both ways on begin where the past ends.
 */
export function forecastColumns(
  past: ArrayLike<number>,
  ahead: ArrayLike<number>,
  truth: readonly number[],
): [number[], Line, Line, Line] {
  const before = past.length;
  const steps = Array.from({ length: before + ahead.length }, (_, i) => i - before + 1);
  const last = past[before - 1] ?? null;
  const on = (values: ArrayLike<number>): Line =>
    steps.map((step) => (step < 0 ? null : step === 0 ? last : (values[step - 1] ?? null)));
  return [
    steps,
    steps.map((step) => (step > 0 ? null : (past[step + before - 1] ?? null))),
    on(ahead),
    truth.length ? on(truth) : steps.map(() => null),
  ];
}
