import { describe, expect, it } from 'vitest';
import { read, scaleOf, show } from './scale';
import type { Limits } from './schema';

const limits = (some: Partial<Limits>): Limits => ({
  min: 0,
  max: 1,
  above: false,
  below: false,
  integer: false,
  log: false,
  stops: [],
  ...some,
});

const everyPlace = (scale: { last: number }) => Array.from({ length: scale.last + 1 }, (_, i) => i);

describe('a slider', () => {
  const scales = {
    stops: scaleOf(limits({ stops: [0, 0.001, 0.1, 10], max: 100 }), 0.1),
    linear: scaleOf(limits({ min: -10, max: 10 }), 0),
    whole: scaleOf(limits({ min: 1, max: 99, integer: true }), 50),
    log: scaleOf(limits({ min: 1e-5, max: 100, log: true }), 1),
    'log from zero': scaleOf(limits({ max: 10, log: true }), 1),
    'log above zero': scaleOf(limits({ max: 1000, log: true, above: true }), 1),
  };

  it.each(Object.entries(scales))('%s: places and values go up together', (_, scale) => {
    const values = everyPlace(scale).map(scale.value);
    for (const [i, value] of values.entries())
      if (i) expect(value).toBeGreaterThan(values[i - 1] as number);
    expect(scale.place(values[0] as number)).toBe(0);
    expect(scale.place(values.at(-1) as number)).toBe(scale.last);
    for (const place of everyPlace(scale))
      expect(Math.abs(scale.place(scale.value(place)) - place)).toBeLessThanOrEqual(1);
  });

  it('has the current value among its stops', () => {
    const scale = scaleOf(limits({ stops: [0, 0.1, 1] }), 0.25);
    expect(everyPlace(scale).map(scale.value)).toEqual([0, 0.1, 0.25, 1]);
    expect(scale.value(scale.place(0.25))).toBe(0.25);
  });

  it('reaches zero on a log scale only where zero is allowed', () => {
    expect(scales['log from zero'].value(0)).toBe(0);
    expect(scales['log from zero'].place(0)).toBe(0);
    expect(scales['log above zero'].value(0)).toBeGreaterThan(0);
  });

  it('stays off a limit that is not allowed', () => {
    const scale = scaleOf(limits({ below: true, above: true }), 0.5);
    expect(scale.value(0)).toBeGreaterThan(0);
    expect(scale.value(scale.last)).toBeLessThan(1);
  });
});

it('numbers read back as they are shown', () => {
  for (const value of [0, 0.00001, 0.03, -3.25, 10, 5000, 1e6, 1e-7, 123456.7])
    expect(read(show(value))).toBe(value);
  expect(show(4294967295)).toBe('4294967295');
  expect(read('0,03')).toBe(0.03);
  expect(read('−2')).toBe(-2);
  expect(read('')).toBeNaN();
  expect(read('ten')).toBeNaN();
});
