/** How far a step has moved the weights of two networks. */

import type { Views } from '../types';

type Layers = NonNullable<Views['weights']>['layers'];

/**
 * The length of the change of all weights from layer `from` up to `to`, and whether that is of all:
 * those of a large layer are not at hand. Null where nothing can be compared.
 */
export function moved(
  before: Layers | undefined,
  after: Layers | undefined,
  from: number,
  to: number,
): { length: number; whole: boolean } | null {
  if (!before || !after || before.length !== after.length) return null;
  let sum = 0;
  let whole = true;
  for (let i = from; i < Math.min(to, after.length); i++) {
    const [old, now] = [before[i], after[i]];
    if (!old || !now) whole = false;
    else for (const name of Object.keys(now)) sum += squares(old[name]?.data, now[name]?.data);
  }
  return { length: Math.sqrt(sum), whole };
}

function squares(old: Float32Array | undefined, now: Float32Array | undefined): number {
  if (!old || old.length !== now?.length) return 0;
  let sum = 0;
  for (let i = 0; i < old.length; i++) sum += ((now[i] ?? 0) - (old[i] ?? 0)) ** 2;
  return sum;
}

/** The length of a gradient over these layers. */
export function norm(layers: readonly number[], from: number, to: number): number {
  return Math.hypot(...layers.slice(from, to));
}
