import { expect, it } from 'vitest';
import type { Session } from '../types';
import { columnsOf, readers, verdict } from './through_time';

const session = (form: Session['form'], input_shape: number[], ...shapes: number[][]) =>
  ({
    form,
    input_shape,
    graph: { inputs: [], layers: shapes.map((shape) => ({ shape })) },
  }) as unknown as Session;

it('finds the layers that read a sequence of numbers', () => {
  expect(readers(session('sequence', [50, 2], [50, 8], [8], [1]))).toEqual([0, 1]);
  expect(readers(session('tokens', [12], [12, 16], [12, 16], [12, 28]))).toEqual([1, 2]);
  expect(readers(session('image', [8, 8], [64], [10]))).toEqual([]);
});

it('leaves out of a log axis what has no place on it', () => {
  expect(columnsOf([0, 0.5, Number.NaN])).toEqual([
    [1, 2, 3],
    [null, 0.5, null],
  ]);
});

it('says whether the gradient vanishes', () => {
  expect(verdict([1e-9, 1e-4, 1])).toMatch(/^It vanishes: .* 1\.0e−9 times/);
  expect(verdict([0, 1])).toMatch(/^It vanishes/);
  expect(verdict([0.5, 0.7, 1])).toMatch(/^It lasts/);
  expect(verdict([1e5, 1])).toMatch(/^It grows/);
  expect(verdict([0, 0])).toBe('There is none yet.');
});
