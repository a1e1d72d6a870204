/** Stable keys: which column on the screen is which layer, across changes of the list. */

import type { KindValue } from '../types';

export interface Stack {
  layers: KindValue[];
  keys: number[];
}

/** Keys for a changed list: kept where a layer has an origin, fresh where it is new. */
export function carryKeys(
  keys: readonly number[],
  origin: readonly (number | null)[],
  fresh: () => number,
): number[] {
  return origin.map((index) => (index === null ? undefined : keys[index]) ?? fresh());
}

/**
 * Keys for a list that came from elsewhere (undo, a link, another view): what is equal at
 * either end keeps its key; what lies between is matched in order, and the rest is new.
 */
export function reconcile(before: Stack, layers: KindValue[], fresh: () => number): number[] {
  const old = before.layers;
  const most = Math.min(old.length, layers.length);
  let head = 0;
  while (head < most && same(old[head], layers[head])) head++;
  let tail = 0;
  while (tail < most - head && same(old.at(-1 - tail), layers.at(-1 - tail))) tail++;
  const middle = before.keys.slice(head, old.length - tail);
  const needed = layers.length - head - tail;
  return [
    ...before.keys.slice(0, head),
    ...Array.from({ length: needed }, (_, i) => middle[i] ?? fresh()),
    ...before.keys.slice(old.length - tail),
  ];
}

/** Whether two lists have the same columns: kinds and widths, as far as they are written out. */
export function sameShape(a: readonly KindValue[], b: readonly KindValue[]): boolean {
  return a.length === b.length && a.every((layer, i) => alike(layer, b[i]));
}

function alike(a: KindValue, b: KindValue | undefined): boolean {
  const open = a.units === undefined || b?.units === undefined;
  return a.kind === b?.kind && (open || a.units === b.units);
}

function same(a: KindValue | undefined, b: KindValue | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
