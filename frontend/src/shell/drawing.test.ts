import { expect, it } from 'vitest';
import type { Points } from '../types';
import { asDrawn } from './drawing';

const points = (inputs: number[], labels: number[]) =>
  ({
    inputs: { shape: [labels.length, 2], data: new Float32Array(inputs) },
    labels: { shape: [labels.length], data: new Float32Array(labels) },
  }) as unknown as Points;

it('points become drawn ones: rounded, inside the domain, no more than may be', () => {
  expect(asDrawn(points([0.12345, -2, 6.4, -7], [1, 0]), 10)).toEqual([
    [0.123, -2, 1],
    [6, -6, 0],
  ]);
  expect(asDrawn(points([0, 0, 1, 1], [1, 0]), 1)).toEqual([[0, 0, 1]]);
});
