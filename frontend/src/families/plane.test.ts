import { expect, it } from 'vitest';
import type { Session } from '../types';
import { boxAround, layersOf, middles, narrowest, nearestPlace } from './plane';

const session = (...shapes: number[][]) =>
  ({ graph: { inputs: [], layers: shapes.map((shape) => ({ shape })) } }) as unknown as Pick<
    Session,
    'graph'
  >;

it('finds the layer that keeps the least, and never the output', () => {
  expect(narrowest(session([784], [64], [2], [64], [1]))).toBe(2);
  expect(narrowest(session([16], [16], [1]))).toBe(1);
  expect(narrowest(session([1]))).toBeNull();
  expect(layersOf(session([28, 28, 32], [10], [1]))).toEqual([1]);
});

it('keeps a box while the places lie in it and fill it', () => {
  const box = boxAround([0, 0, 10, 10], null);
  expect(box[0]).toBeLessThan(0);
  expect(box[1]).toBeGreaterThan(10);
  expect(boxAround([0, 0, 9, 9], box)).toBe(box);
  expect(boxAround([0, 0, 3, 9], box)).not.toBe(box);
  expect(boxAround([0, 0, 11, 9], box)[1]).toBeGreaterThan(11);
  expect(boxAround([], null)).toEqual([-1, 1, -1, 1]);
});

it('has room around places that are all the same', () => {
  const [left, right, low, high] = boxAround([3, 3, 3, 3], null);
  expect(right - left).toBeGreaterThan(0);
  expect(high - low).toBeGreaterThan(0);
});

it('finds the nearest place within reach, by shares of the box', () => {
  const places = [0, 0, 100, 1];
  expect(nearestPlace(places, [2, 0.01], [0, 100, 0, 1], 0.05)).toBe(0);
  expect(nearestPlace(places, [50, 0.5], [0, 100, 0, 1], 0.05)).toBe(-1);
});

it('finds the middle of every class', () => {
  expect(middles([0, 0, 2, 2, 4, 1, 9, 9], [1, 1, 1, -1])).toEqual([{ label: 1, x: 2, y: 1 }]);
});
