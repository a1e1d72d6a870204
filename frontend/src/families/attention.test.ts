import { expect, it } from 'vitest';
import type { Floats } from '../types';
import { pairOf } from './attention';

const array = (shape: number[], values: number[]): Floats => ({
  shape,
  data: Float32Array.from(values),
});

// two heads, three steps, two numbers each; of the second head
const query = array([2, 3, 2], [0, 0, 0, 0, 0, 0, 1, 2, 3, -1, 0.5, 0.5]);
const key = array([2, 3, 2], [0, 0, 0, 0, 0, 0, 1, 1, 2, 0, -1, 4]);
const scores = array(
  [2, 3, 3],
  [0, 0, 0, 0, 0, 0, 0, 0, 0, ...[3, 2, 7, 2, 6, -7, 1, 1, 1.5].map((dot) => dot / Math.SQRT2)],
);
const attention = array([2, 3, 3], Array(18).fill(0.25));
const inside = { query, key, scores, attention };

it('multiplies, divides and compares, as attention does', () => {
  const pair = pairOf(inside, 1, 1, 0, false);
  expect(pair?.products).toEqual([3, -1]);
  expect(pair?.dot).toBe(2);
  expect(pair?.score).toBeCloseTo(2 / Math.SQRT2, 6);
  expect(pair?.dot ?? 0).toBeCloseTo((pair?.score ?? 0) * (pair?.root ?? 0), 5);
  const share = (pair?.exponential ?? 0) / (pair?.sum ?? 1);
  const all = [2, 6, -7].map((dot) => Math.exp(dot / Math.SQRT2));
  expect(share).toBeCloseTo((all[0] ?? 0) / all.reduce((a, b) => a + b), 5);
});

it('leaves out what a causal mask takes away', () => {
  expect(pairOf(inside, 1, 0, 2, true)?.masked).toBe(true);
  const first = pairOf(inside, 1, 0, 0, true);
  expect(first?.masked).toBe(false);
  expect((first?.exponential ?? 0) / (first?.sum ?? 1)).toBe(1);
});

it('says nothing where a layer has no attention', () => {
  expect(pairOf({ hidden: query }, 0, 0, 0, false)).toBeNull();
});
