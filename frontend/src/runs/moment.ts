/** Where in its run one is. */

import { count, epochs } from '../shell/numbers';
import type { Curve, Frame, Session } from '../types';

export interface Moment {
  step: number;
  /** The furthest step of the run. */
  end: number;
  epoch: number;
  /** Something of the run lies ahead. */
  past: boolean;
}

export function momentOf(frame: Frame | null, session: Session | null): Moment {
  const { step, end, epoch } = frame ?? session ?? { step: 0, end: 0, epoch: 0 };
  return { step, end: Math.max(end ?? 0, step), epoch, past: step < (end ?? 0) };
}

/** `step 1,250 of 4,000, epoch 50.0`. */
export const momentText = (step: number, end: number, epoch: number): string =>
  `step ${count(step)} of ${count(end)}, epoch ${epochs(epoch)}`;

/** The row of the curve that stands at a step, or before it; -1 where there is none. */
export function rowAt(curve: Curve, step: number): number {
  let [low, high] = [0, curve.rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((curve.rows[middle]?.[0] ?? 0) <= step) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The curve as it was at a step. */
export function curveUpTo(curve: Curve, step: number): Curve {
  const last = rowAt(curve, step);
  if (last === curve.rows.length - 1) return curve;
  return { columns: curve.columns, rows: curve.rows.slice(0, last + 1) };
}

/** The epoch at a step, between the rows of the curve; after its last row there are none. */
export function epochAt(curve: Curve, step: number): number {
  const at = rowAt(curve, step);
  const [before, after] = [curve.rows[at], curve.rows[at + 1]];
  const [from = 0, epoch = 0] = before ?? [];
  if (!after) return epoch;
  const [to = from, next = epoch] = after;
  return epoch + ((next - epoch) * (step - from)) / (to - from);
}

const PAGES = 10;
export const TIME_KEYS =
  'Arrows go by a step, with Shift by an epoch, with Ctrl from change to change; Page Up and Page Down by a tenth of the run, Home and End to its ends.';

/** Where a key takes the thumb; null where it is none of the slider's. */
export function stepOf(
  { key, shiftKey, ctrlKey }: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey'>,
  { step, end }: { step: number; end: number },
  perEpoch: number,
  marked: readonly number[],
): number | null {
  const page = Math.max(1, Math.round(end / PAGES));
  const far = shiftKey ? perEpoch : 1;
  const back = ctrlKey ? marked.findLast((at) => at < step) : step - far;
  const on = ctrlKey ? marked.find((at) => at > step) : step + far;
  const to: Record<string, number | undefined> = {
    ArrowLeft: back,
    ArrowDown: back,
    ArrowRight: on,
    ArrowUp: on,
    PageDown: step - page,
    PageUp: step + page,
    Home: 0,
    End: end,
  };
  if (!(key in to)) return null;
  return Math.min(end, Math.max(0, to[key] ?? step));
}
