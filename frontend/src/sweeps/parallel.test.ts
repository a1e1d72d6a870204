import { describe, expect, it } from 'vitest';
import { axesOf, colorsOf, rankColor, ranked, valueText } from './parallel';
import type { Run, Summary } from './wire';

const run = (number: number, values: Run['values'], loss: number | null): Run => ({
  run: number,
  setting: number,
  values,
  seed: 0,
  status: loss === null ? 'training' : 'done',
  message: null,
  step: 1,
  steps: 1,
  loss,
  score: null,
  digest: null,
});

const RUNS = [
  run(0, [0.01, 'tanh'], 0.4),
  run(1, [0.1, 'relu'], 0.1),
  run(2, [1, 'tanh'], 0.2),
  run(3, [1, 'relu'], null),
];
const SUMMARY = {
  axes: [
    { path: '/training/learning_rate', title: 'Learning rate' },
    { path: '/network/layers/0/activation', title: 'Activation' },
  ],
  sweep: {
    axes: [{ path: '', range: { low: 0.01, high: 1, scale: 'log', count: 3 } }, { path: '' }],
  },
  part: 'test',
  runs: RUNS,
} as unknown as Summary;

describe('parallel coordinates', () => {
  const axes = axesOf(SUMMARY);

  it('have an axis per setting and one for the loss', () => {
    expect(axes.map(({ title }) => title)).toEqual(['Learning rate', 'Activation', 'Test loss']);
  });

  it('place numbers on their scale, names in their order, losses on a logarithm', () => {
    const places = axes.map(({ place }) => RUNS.slice(0, 3).map(place));
    expect(places[0]?.map((x) => Number(x.toFixed(6)))).toEqual([0, 0.5, 1]);
    expect(places[1]).toEqual([0, 1, 0]);
    expect(places[2]?.map((x) => Number(x.toFixed(6)))).toEqual([1, 0, 0.5]);
  });

  it('rank what has finished, the lowest loss first', () => {
    expect(ranked(RUNS).map((one) => one.run)).toEqual([1, 2, 0]);
    const colors = colorsOf(RUNS, false);
    expect(colors.get(1)).toBe(rankColor(0, false));
    expect(colors.get(0)).toBe(rankColor(1, false));
    expect(colors.has(3)).toBe(false);
  });

  it('write every value in a word', () => {
    expect([0.25, null, true, { kind: 'adam' }, 'tanh'].map((value) => valueText(value))).toEqual([
      '0.25',
      'none',
      'on',
      'adam',
      'tanh',
    ]);
  });
});
