import { expect, it } from 'vitest';
import { accuracy, classScores, rows, shares } from './confusion';

const matrix = rows({ shape: [2, 2], data: Uint32Array.of(8, 2, 0, 5) });

it('reads rows as the true class', () => {
  expect(matrix).toEqual([
    [8, 2],
    [0, 5],
  ]);
  expect(accuracy(matrix)).toBeCloseTo(13 / 15);
});

it('scores every class', () => {
  const [first, second] = classScores(matrix);
  expect(first).toEqual({ support: 10, precision: 1, recall: 0.8 });
  expect(second?.precision).toBeCloseTo(5 / 7);
  expect(second?.recall).toBe(1);
});

it('has no score where there is nothing to score', () => {
  const [, empty] = classScores([
    [3, 0],
    [0, 0],
  ]);
  expect(empty).toEqual({ support: 0, precision: null, recall: null });
  expect(shares([0, 0])).toEqual([0, 0]);
  expect(accuracy([[0]])).toBeNull();
});
