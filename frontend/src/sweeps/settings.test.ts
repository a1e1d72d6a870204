import { describe, expect, it } from 'vitest';
import type { Experiment, Schema } from '../types';
import { valueText } from './parallel';
import { axisOf, draftOf, flaw, levels, named, type Setting, settingsOf } from './settings';
import type { Summary } from './wire';

const kind = (name: string, title: string, fields: Schema = {}) => ({
  title,
  properties: { kind: { const: name }, ...fields },
});
const UNITS = { type: 'integer', title: 'Units', minimum: 1, maximum: 256 };
const ACTIVATION = { enum: ['tanh', 'relu', 'elu', 'sine'], title: 'Activation' };
const SCHEMA = {
  properties: {
    version: { type: 'integer' },
    data: { title: 'Data', type: 'object', properties: { seed: { type: 'integer' } } },
    network: {
      title: 'Network',
      type: 'object',
      properties: {
        layers: {
          type: 'array',
          items: { oneOf: [kind('dense', 'Dense', { units: UNITS, activation: ACTIVATION })] },
        },
      },
    },
    training: {
      title: 'Training',
      type: 'object',
      properties: {
        learning_rate: {
          type: 'number',
          title: 'Learning rate',
          minimum: 0,
          maximum: 100,
          'x-scale': 'log',
        },
        clip_norm: { anyOf: [{ type: 'number' }, { type: 'null' }], title: 'Clipping' },
        optimizer: {
          title: 'Optimizer',
          oneOf: [
            kind('sgd', 'SGD'),
            kind('momentum', 'Momentum', { momentum: { type: 'number', title: 'Momentum' } }),
          ],
        },
      },
    },
    seed: { type: 'integer' },
  },
} as unknown as Schema;
const EXPERIMENT = {
  data: { seed: 0 },
  network: {
    layers: [
      { kind: 'dense', units: 4, activation: 'tanh' },
      { kind: 'dense', units: 2, activation: 'relu' },
    ],
  },
  training: {
    learning_rate: 0.03,
    clip_norm: null,
    optimizer: { kind: 'momentum', momentum: 0.9 },
  },
  seed: 0,
} as unknown as Experiment;

const settings = settingsOf(SCHEMA, EXPERIMENT);
const one = (path: string) => settings.find((setting) => setting.path === path) as Setting;

describe('settings that can vary', () => {
  it('are all of the schema that the experiment has, those of kinds and layers too', () => {
    expect(settings.map(({ path, group }) => [path, group])).toEqual([
      ['/training/learning_rate', 'Training'],
      ['/training/clip_norm', 'Training'],
      ['/training/optimizer', 'Training'],
      ['/training/optimizer/momentum', 'Optimizer: Momentum'],
      ['/network/layers/0/units', 'Layer 1'],
      ['/network/layers/0/activation', 'Layer 1'],
      ['/network/layers/1/units', 'Layer 2'],
      ['/network/layers/1/activation', 'Layer 2'],
      ['/data/seed', 'Data'],
    ]);
    expect(one('/training/optimizer').choices.map(({ value }) => value)).toEqual([
      'sgd',
      'momentum',
    ]);
  });
});

describe('what comes of a sweep', () => {
  it('has its values by the names that the form has for them', () => {
    const optimizer = { path: '/training/optimizer', title: 'Optimizer' };
    const seed = { path: '/data/of-another-server', title: 'Of another server' };
    const summary = { axes: [optimizer, seed], sweep: { experiment: EXPERIMENT } };
    const [known, unknown] = named(summary as unknown as Summary, SCHEMA).axes;
    expect(valueText('sgd', known)).toBe('SGD');
    expect(valueText({ kind: 'momentum', momentum: 0.5 }, known)).toBe('Momentum');
    expect(valueText('sgd', unknown)).toBe('sgd');
    expect(valueText(true, unknown)).toBe('on');
  });
});

describe('a draft', () => {
  it('begins around the value there is, on its scale', () => {
    expect(axisOf(draftOf(one('/training/learning_rate')))).toEqual({
      path: '/training/learning_rate',
      range: { low: 0.003, high: 0.3, scale: 'log', count: 4 },
    });
    expect(axisOf(draftOf(one('/network/layers/0/activation')))).toEqual({
      path: '/network/layers/0/activation',
      values: ['tanh', 'relu', 'elu'],
    });
  });

  it.each(settings.map((setting) => [setting.path, setting] as const))(
    'of %s is right as it begins',
    (_, setting) => {
      expect(flaw(draftOf(setting))).toBe('');
    },
  );

  it('counts whole numbers once', () => {
    const draft = { ...draftOf(one('/network/layers/0/units')), low: 1, high: 3, count: 9 };
    expect(levels(draft)).toBe(3);
  });

  it.each([
    [{ low: 2, high: 1 }, 'above'],
    [{ low: 0, high: 1, log: true }, 'begins above 0'],
    [{ low: 1, high: 200 }, '0 to 100'],
    [{ count: 1 }, '2 to 64'],
    [{ low: Number.NaN }, 'numbers'],
  ])('%o is told what is wrong', (change, said) => {
    expect(flaw({ ...draftOf(one('/training/learning_rate')), ...change })).toContain(said);
  });
});
