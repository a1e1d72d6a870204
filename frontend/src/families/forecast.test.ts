import { expect, it } from 'vitest';
import { continuation, forecastColumns } from './forecast';

const series = [1, 4, 2, 8, 5, 7, 3];
/** Windows of three of a series, in any order, with what follows. */
const points = (order: number[]) => ({
  inputs: {
    shape: [order.length, 3, 1],
    data: Float32Array.from(order.flatMap((i) => series.slice(i, i + 3))),
  },
  labels: { shape: [order.length], data: Float32Array.from(order.map((i) => series[i + 3] ?? 0)) },
});

it('finds what truly came in the windows of one series, in whatever order they are', () => {
  expect(continuation(points([3, 1, 2, 0]), [1, 4, 2], 8, 9)).toEqual([8, 5, 7, 3]);
  expect(continuation(points([3, 1, 2, 0]), [1, 4, 2], 8, 2)).toEqual([8, 5]);
});

it('knows no more than the answer where the next window is not at hand', () => {
  expect(continuation(points([0, 3]), [1, 4, 2], 8, 9)).toEqual([8]);
  expect(continuation(null, [1, 4, 2], 8, 9)).toEqual([8]);
  expect(continuation(null, [1, 4, 2], null, 9)).toEqual([]);
});

it('lets both ways on begin where the past ends', () => {
  expect(forecastColumns([1, 2], [3, 4], [5])).toEqual([
    [-1, 0, 1, 2],
    [1, 2, null, null],
    [null, 2, 3, 4],
    [null, 2, 5, null],
  ]);
  expect(forecastColumns([1], [3], [])[3]).toEqual([null, null]);
});
