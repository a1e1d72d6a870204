import { expect, it } from 'vitest';
import { greyText, layerName, plural, weightText } from './words';

it('writes weights so that they can be compared', () => {
  expect(weightText(0.42131)).toBe('0.4213');
  expect(weightText(-0.5)).toBe('−0.5000');
  expect(weightText(0)).toBe('0.0000');
  expect(weightText(0.0000123)).toBe('1.23e−5');
  expect(weightText(-123456)).toBe('−1.23e+5');
});

it('counts and names', () => {
  expect([0, 1, 2].map((n) => plural(n, 'hidden layer'))).toEqual([
    '0 hidden layers',
    '1 hidden layer',
    '2 hidden layers',
  ]);
  expect([layerName(0, 2), layerName(2, 2)]).toEqual(['Layer 1', 'Output']);
  expect(greyText(['Layer 2'], 9)).toMatch(/^The lines into Layer 2 are grey: up to 9 weights/);
  expect(greyText(['Layer 2', 'Layer 3', 'Output'], 9)).toMatch(/ Layer 2, Layer 3 and Output are/);
});
