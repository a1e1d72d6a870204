import { describe, expect, it } from 'vitest';
import type { Experiment, Schema } from '../types';
import type { Profile, Spread, Stage } from './table';
import { cellText, changes, farBars, looksBack, mendsOf, moved, stepOf, valueText } from './table';

const spread: Spread = {
  low: 0,
  high: 100,
  mean: 12,
  deviation: 20,
  quarters: [8, 10, 12],
  outliers: 1,
  histogram: { low: 0, high: 100, counts: [9, 0, 0, 1] },
};

const column = (name: string, missing = 0): Profile => ({
  name,
  kind: 'number',
  unit: '',
  missing,
  numbers: spread,
  counts: null,
});

const stage = (...columns: Profile[]): Stage => ({
  rows: { train: 10, validation: 0, test: 10 },
  columns,
  left_out: 0,
  examples: [],
});

describe('a cell', () => {
  it('is written in few letters', () => {
    expect(cellText(null)).toBe('–');
    expect(cellText('first')).toBe('first');
    expect(cellText(-3)).toBe('−3');
    expect(cellText(0.123456)).toBe('0.1235');
    expect(cellText(-1.9e-16)).toBe('0');
    expect(cellText(0.00012)).toBe('0.00012');
  });
});

describe('a moment', () => {
  it('is read by the calendar, with its time where it has one', () => {
    expect(valueText('time', 18262)).toBe('2020-01-01');
    expect(valueText('time', 18262.5)).toBe('2020-01-01 12:00');
    expect(valueText('time', -1)).toBe('1969-12-31');
    expect(valueText('time', 1e300)).toBe('1e+300');
    expect(valueText('time', null)).toBe('–');
    expect(valueText('number', 18262)).toBe('18262');
  });
});

describe('what a step does', () => {
  it('is told column by column: those that go, come or are spread otherwise', () => {
    const { before, after } = changes(
      stage(column('stays'), column('filled', 3), column('goes')),
      stage(column('stays'), column('filled'), column('comes')),
    );
    expect([...before]).toEqual(['filled', 'goes']);
    expect([...after]).toEqual(['filled', 'comes']);
  });

  it('marks the bars beyond the fences, where there is something', () => {
    expect(farBars(spread)).toEqual([false, true, true, true]);
    expect(farBars({ ...spread, outliers: 0 })).toEqual([false, false, false, false]);
  });
});

describe('a list of steps', () => {
  it('keeps all of them when one is moved', () => {
    expect(moved(['a', 'b', 'c'], 0, 2)).toEqual(['b', 'c', 'a']);
    expect(moved(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b']);
  });
});

describe('a refusal', () => {
  it('is of the step that its path names, or of the list', () => {
    expect(stepOf({ path: '/data/preparation/2', message: '' })).toBe(2);
    expect(stepOf({ path: '/experiment/data/preparation/0/fill', message: '' })).toBe(0);
    expect(stepOf({ path: '/data/preparation', message: '' })).toBeNull();
  });

  it('names the steps that would mend it', () => {
    const kinds = ['one_hot', 'ordinal', 'impute', 'drop_missing', 'log'];
    const of = (message: string) => mendsOf({ path: '', message }, kinds);
    expect(of("'log' is a category; add 'one_hot' or 'ordinal'")).toEqual(['one_hot', 'ordinal']);
    expect(of("values of 'age' are missing; put 'impute' or 'drop_missing' before")).toEqual([
      'impute',
      'drop_missing',
    ]);
    expect(of("'body' is text; leave it out")).toEqual([]);
  });
});

it('knows of a step that looks back on other rows', () => {
  const kinds = [{ kind: 'log' }, { kind: 'window', back: true }].map(({ kind, back }) => ({
    title: kind,
    properties: { kind: { const: kind } },
    ...(back ? { 'x-looks-back': true } : {}),
  }));
  const preparation = { items: { oneOf: kinds } };
  const root = { properties: { data: { properties: { preparation } } } } as unknown as Schema;
  const of = (...steps: string[]) =>
    ({ data: { preparation: steps.map((kind) => ({ kind })) } }) as unknown as Experiment;
  expect([looksBack(root, of('log')), looksBack(root, of('log', 'window'))]).toEqual([false, true]);
  expect(looksBack(null, of('window'))).toBe(false);
});
