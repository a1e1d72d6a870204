/** What one step of a sequence asks of another, number by number. */

import type { Floats } from '../types';

export interface Pair {
  /** Query of the one that looks, key of the one looked at, and their products; (d) each. */
  query: number[];
  key: number[];
  products: number[];
  /** Q·K. */
  dot: number;
  /** √d, by which it is divided. */
  root: number;
  score: number;
  masked: boolean;
  /** Sum of the exponentials of all scores that are not masked, each less the largest. */
  sum: number;
  /** exp(score − largest). */
  exponential: number;
  largest: number;
  attention: number;
}

/** One head's rows of an array (heads, time, d): the row of a step. */
export function rowOf({ shape, data }: Floats, head: number, step: number): number[] {
  const [, time = 1, width = 1] = shape;
  const start = (head * time + step) * width;
  return Array.from(data.subarray(start, start + width));
}

/** How a head comes to what step `from` takes of step `to`. null: what is needed is not there. */
export function pairOf(
  inside: Record<string, Floats>,
  head: number,
  from: number,
  to: number,
  causal: boolean,
): Pair | null {
  const { query: queries, key: keys, scores, attention } = inside;
  if (!queries || !keys || !scores || !attention) return null;
  const query = rowOf(queries, head, from);
  const key = rowOf(keys, head, to);
  const products = query.map((value, k) => value * (key[k] ?? 0));
  const row = rowOf(scores, head, from);
  const seen = causal ? row.slice(0, from + 1) : row;
  const largest = Math.max(...seen);
  const score = row[to] ?? 0;
  return {
    query,
    key,
    products,
    dot: products.reduce((a, b) => a + b, 0),
    root: Math.sqrt(query.length),
    score,
    masked: causal && to > from,
    sum: seen.reduce((sum, value) => sum + Math.exp(value - largest), 0),
    exponential: Math.exp(score - largest),
    largest,
    attention: rowOf(attention, head, from)[to] ?? 0,
  };
}
