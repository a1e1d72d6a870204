import { expect, it } from 'vitest';
import type { SurfaceAxis } from '../types';
import { axisText, cellAt, marksOf, planeOf, shareAlong } from './column_surface';

const MASS: SurfaceAxis = { name: 'body mass', unit: 'g', low: 3000, high: 5000, categories: [] };
const SEX: SurfaceAxis = { name: 'sex', unit: '', low: -0.5, high: 1.5, categories: ['f', 'm'] };

it('paints outputs as bytes of the range, one map an output', () => {
  const values = { shape: [2, 2, 2], data: Float32Array.of(-1, 0, 1, 2, Number.NaN, 1, 1, 1) };
  const { maps, size } = planeOf({ values }, [-1, 1]);
  expect(size).toBe(2);
  expect(maps.map((map) => [...Array.from(map)])).toEqual([
    [0, 127.5, 255, 255],
    [127.5, 255, 255, 255],
  ]);
});

it('names axes and places by numbers or categories', () => {
  expect([axisText(MASS), axisText(SEX)]).toEqual(['body mass, g', 'sex']);
  expect([marksOf(MASS), marksOf(SEX)?.[1]]).toEqual([null, { at: 1, text: 'm' }]);
  expect([cellAt(MASS, 3456.7), cellAt(SEX, 0.6), cellAt(SEX, -0.5)]).toEqual(['3460 g', 'm', 'f']);
});

it('spreads the rows of a category within its room', () => {
  expect(shareAlong(MASS, 4000, 5)).toBe(0.5);
  for (let row = 0; row < 50; row++) {
    const share = shareAlong(SEX, 1, row);
    expect(share).toBeGreaterThan(0.5);
    expect(share).toBeLessThan(1);
  }
});
