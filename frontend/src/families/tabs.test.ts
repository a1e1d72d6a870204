import { expect, it } from 'vitest';
import type { Session } from '../types';
import { familyTabs } from './tabs';

const tabs = (
  form: Session['form'],
  label_shape: number[],
  { target = 'label', continues = false, features = 1, drives = false } = {},
) => {
  const session = {
    form,
    label_shape,
    input_shape: [9, features],
    problem: 'regression',
    experiment: { data: { target } },
    graph: { inputs: [], layers: [{ shape: [4] }, { shape: [1] }] },
  } as unknown as Session;
  const { first, later } = familyTabs(session, continues, drives);
  return [first.map(({ id }) => id), later.map(({ id }) => id)];
};

it('has a text for tokens that continue, and a forecast for sequences that do', () => {
  expect(tabs('tokens', [9], { continues: true })).toEqual([['text'], []]);
  expect(tabs('tokens', [9])).toEqual([[], []]);
  expect(tabs('sequence', [], { continues: true })).toEqual([['forecast'], ['plane']]);
  expect(tabs('sequence', [9], { continues: true, features: 2 })).toEqual([[], []]);
});

it('has a form for a row of a table, and its columns', () => {
  expect(tabs('table', [])).toEqual([['row', 'columns'], ['plane']]);
  const driven = [['drive', 'row', 'columns'], ['plane']];
  expect(tabs('table', [], { drives: true })).toEqual(driven);
});

it('has the plane first for an autoencoder, and later for one answer of each example', () => {
  expect(tabs('sequence', [9], { target: 'input', continues: true })).toEqual([['plane'], []]);
  expect(tabs('image', [])).toEqual([[], ['plane']]);
  expect(tabs('points', [])).toEqual([[], ['plane']]);
});
