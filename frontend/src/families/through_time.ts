/** The gradient on its way back through time. */

import { formatShort } from '../pictures/numbers';
import type { Session } from '../types';

/** First to last step, or the other way: beyond it one end hears nothing of the other. */
const VANISHED = 1e-3;

/** Layers that read a sequence of numbers, the output included. */
export function readers({
  graph,
  form,
  input_shape,
}: Pick<Session, 'graph' | 'form' | 'input_shape'>): number[] {
  if (form !== 'sequence' && form !== 'tokens') return [];
  const read = [input_shape, ...graph.layers.map(({ shape }) => shape)];
  return [...graph.layers.keys()].filter((i) => read[i]?.length === 2);
}

/** Steps from 1, and their norms; what is no number of a log axis is left out. */
export function columnsOf(norms: ArrayLike<number>): [number[], (number | null)[]] {
  return [
    Array.from(norms, (_, i) => i + 1),
    Array.from(norms, (norm) => (norm > 0 && Number.isFinite(norm) ? norm : null)),
  ];
}

/** What the norms say, in a sentence. */
export function verdict(norms: ArrayLike<number>): string {
  const all = Array.from(norms);
  const [first = 0, last = 0] = [all[0], all.at(-1)];
  if (all.length < 2 || !all.every(Number.isFinite) || !(Math.max(...all) > 0))
    return 'There is none yet.';
  const share = first / (last || 1e-30);
  if (share < VANISHED)
    return `It vanishes: the first step gets ${formatShort(share)} times what the last one gets, so that what was long ago is hardly learned from.`;
  if (share > 1 / VANISHED)
    return `It grows on its way back: the first step gets ${formatShort(share)} times what the last one gets.`;
  return `It lasts: the first step gets ${formatShort(share)} times what the last one gets.`;
}
