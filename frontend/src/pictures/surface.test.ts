import { expect, it } from 'vitest';
import type { Frame, Points } from '../types';
import { spotlightPicture } from './surface';

const floats = (...values: number[]) => ({
  shape: [values.length],
  data: new Float32Array(values),
});

it('a curve in the spotlight is seen to its ends', () => {
  const points = { features: { x_squared: floats(36, 0, 36), x: floats(-6, 0, 6) } };
  const range = (name: string) =>
    spotlightPicture({ type: 'feature', name }, null, points as unknown as Points)?.range;
  expect(range('x_squared')).toEqual([-36, 36]);
  expect(range('x')).toEqual([-6, 6]);
});

it('a curve within one keeps the axis still', () => {
  const layer = { shape: [2, 2], data: new Float32Array([9, 9, 0.5, -0.25]) };
  const frame = { views: { units: { layers: [layer] } } } as unknown as Frame;
  expect(spotlightPicture({ type: 'unit', layer: 0, unit: 1 }, frame, null)?.range).toEqual([
    -1, 1,
  ]);
});
