import { describe, expect, it } from 'vitest';
import type { Points } from '../types';
import { nearestPoint } from './nearest';

const points: Points = {
  inputs: { shape: [3, 2], data: Float32Array.of(0, 0, 1, 1, 1.1, 1) },
  labels: { shape: [3], data: Float32Array.of(0, 1, 1) },
  split: { shape: [3], data: Uint8Array.of(0, 0, 2) },
  features: {},
};
const all = () => true;

describe('the nearest point', () => {
  it('is the one at the least distance within reach', () => {
    expect(nearestPoint(points, [0.2, 0.1], 1, all)).toBe(0);
    expect(nearestPoint(points, [1.2, 1], 1, all)).toBe(2);
    expect(nearestPoint(points, [4, 4], 1, all)).toBe(-1);
  });

  it('is never of a part that is not shown', () => {
    expect(nearestPoint(points, [1.2, 1], 1, (part) => part === 0)).toBe(1);
  });

  it('has its value for a height in one dimension', () => {
    const line: Points = { ...points, inputs: { shape: [3, 1], data: Float32Array.of(0, 0, 2) } };
    expect(nearestPoint(line, [0, 1], 0.5, all, (i) => line.labels.data[i] as number)).toBe(1);
  });
});
