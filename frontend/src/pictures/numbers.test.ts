import { expect, it } from 'vitest';
import {
  formatCount,
  formatLoss,
  formatPercent,
  formatPlace,
  formatR2,
  formatShare,
  formatShort,
  formatTick,
} from './numbers';

it('losses have four figures where it matters', () => {
  expect([0.5, 12.34567, 0.00001234, Number.NaN, null, Infinity].map(formatLoss)).toEqual([
    '0.5000',
    '12.346',
    '1.2e−5',
    '–',
    '–',
    '∞',
  ]); // prettier-ignore
});

it('shares, R² and places', () => {
  expect(formatPercent(0.976)).toBe('97.6 %');
  expect([0.976, null].map(formatShare)).toEqual(['98%', '–']);
  expect(formatR2(-0.5)).toBe('−0.500');
  expect(formatR2(-1.9010015e30)).toBe('−1.9e+30');
  expect(formatPlace(-0.001)).toBe('0.00');
  expect(formatPlace(-1.5)).toBe('−1.50');
});

it('labels are short', () => {
  expect([0, 0.03, 12.3456, 1e-7, -250].map(formatShort)).toEqual([
    '0',
    '0.03',
    '12.3',
    '1.0e−7',
    '−250',
  ]); // prettier-ignore
  expect(formatCount(12_345)).toBe('12,345');
  expect(formatCount(3.28)).toBe('3.2');
  expect(formatCount(161.84)).toBe('161');
});

it('ticks have the decimals that tell them apart', () => {
  expect([0, 0.25, 0.5].map((v) => formatTick(v, 0.25))).toEqual(['0.00', '0.25', '0.50']);
  expect(formatTick(1.718, 0.002)).toBe('1.718');
  expect(formatTick(20_000, 5000)).toBe('20,000');
  expect(formatTick(2e-5, 1e-5)).toBe('2e−5');
});
