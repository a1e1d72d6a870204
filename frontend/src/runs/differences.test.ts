import { describe, expect, it } from 'vitest';
import type { Experiment, Json, RunLog, Schema } from '../types';
import { deeds, marks } from './deeds';
import { differences } from './differences';
import { experimentOf, upTo } from './log';

const kind = (name: string) => ({ kind: { const: name } });
const optimizer: Json = {
  title: 'Optimizer',
  oneOf: [
    { title: 'SGD', properties: kind('sgd') },
    {
      title: 'Adam',
      properties: { ...kind('adam'), beta1: { title: 'Beta 1', type: 'number' } },
    },
  ],
};
const dense: Json = {
  title: 'Dense',
  properties: {
    ...kind('dense'),
    units: { title: 'Units', type: 'integer' },
    activation: {
      title: 'Activation',
      enum: ['tanh', 'relu'],
      'x-options': [
        { value: 'tanh', title: 'Tanh' },
        { value: 'relu', title: 'ReLU' },
      ],
    },
  },
};
const stopping: Json = {
  title: 'Early stopping',
  anyOf: [
    { type: 'object', properties: { patience: { title: 'Patience', type: 'integer' } } },
    { type: 'null' },
  ],
};
const schema: Schema = {
  properties: {
    data: {
      type: 'object',
      title: 'Data',
      properties: {
        features: {
          title: 'Features',
          type: 'array',
          items: { enum: ['x', 'y'], 'x-options': [{ value: 'x', title: 'X₁' }] },
        },
        points: { title: 'Points', type: 'array', items: { type: 'array' } },
      },
    },
    network: {
      type: 'object',
      properties: {
        layers: { title: 'Hidden layers', type: 'array', items: { oneOf: [dense] } },
      },
    },
    training: {
      type: 'object',
      properties: {
        optimizer,
        learning_rate: { title: 'Learning rate', type: 'number' },
        l1: { title: 'L1 rate', type: 'number' },
        clip_norm: { title: 'Gradient clipping', anyOf: [{ type: 'number' }, { type: 'null' }] },
        early_stopping: stopping,
      },
    },
    seed: { title: 'Seed', type: 'integer' },
  },
};

const base = {
  data: { features: ['x', 'y'], points: [[1, 2, 0]] },
  network: { layers: [{ kind: 'dense', units: 4, activation: 'tanh' }] },
  training: {
    optimizer: { kind: 'sgd' },
    learning_rate: 0.03,
    l1: 0,
    clip_norm: null,
    early_stopping: null,
  },
  seed: 0,
} satisfies Json;

const as = (value: Json) => value as unknown as Experiment;
const training = (change: Json) =>
  as({ ...base, training: { ...base.training, ...(change as object) } });
const between = (...all: Experiment[]) =>
  differences(schema, all).map(({ title, values }) => [title, ...values]);

describe('differences', () => {
  it('are none between equals', () => {
    expect(between(as(base), as(base), as(structuredClone(base)))).toEqual([]);
  });

  it('are told by the titles of the schema, a column for each', () => {
    const other = as({ ...base, seed: 1234, data: { ...base.data, features: ['x'] } });
    expect(between(as(base), other, as(base))).toEqual([
      ['Features', 'X₁, y', 'X₁', 'X₁, y'],
      ['Seed', '0', '1,234', '0'],
    ]);
    expect(between(as(base), training({ clip_norm: 0.5 }))).toEqual([
      ['Gradient clipping', 'off', '0.5'],
    ]);
  });

  it('of kinds are their names, and settings among those of one kind', () => {
    const adam = (beta1: number) => training({ optimizer: { kind: 'adam', beta1 } });
    expect(between(as(base), adam(0.9))).toEqual([['Optimizer', 'SGD', 'Adam']]);
    expect(between(adam(0.9), as(base), adam(0.8))).toEqual([
      ['Optimizer', 'Adam', 'SGD', 'Adam'],
      ['Optimizer: Beta 1', '0.9', '–', '0.8'],
    ]);
  });

  it('of what may be off are that it is', () => {
    const stop = (patience: number) => training({ early_stopping: { patience } });
    expect(between(as(base), stop(5))).toEqual([['Early stopping', 'off', 'on']]);
    expect(between(stop(3), stop(5))).toEqual([['Early stopping: Patience', '3', '5']]);
  });

  it('of layers go by their number', () => {
    const layers = (...all: [number, string][]) =>
      as({
        ...base,
        network: {
          layers: all.map(([units, activation]) => ({ kind: 'dense', units, activation })),
        },
      });
    expect(between(layers([4, 'tanh']), layers([8, 'relu'], [2, 'tanh']))).toEqual([
      ['Layer 1: Units', '4', '8'],
      ['Layer 1: Activation', 'Tanh', 'ReLU'],
      ['Layer 2', '–', 'Dense, 2'],
    ]);
  });

  it('of points are how many', () => {
    const drawn = as({ ...base, data: { ...base.data, points: [] } });
    expect(between(as(base), drawn)).toEqual([['Points', '1', '0']]);
  });
});

const log: RunLog = {
  version: 1,
  experiment: as(base),
  entries: [
    { kind: 'changed', step: 10, patch: { training: { learning_rate: 0.1 } } },
    {
      kind: 'edited',
      step: 12,
      edit: { kind: 'edit', layer: 0, param: 'w', index: [0, 2], value: -0.3 },
    },
    { kind: 'changed', step: 90, patch: { training: { learning_rate: 0.2, l1: 1 } } },
    { kind: 'resumed', step: 95 },
  ],
  step: 100,
  digest: 'd',
  platform: 'p',
};

describe('the deeds of a log', () => {
  it('are said in words, each from what was before it', () => {
    expect(deeds(schema, log)).toEqual([
      { step: 10, text: 'learning rate 0.03 → 0.1' },
      { step: 12, text: 'weight 1 to 3 of layer 1 set to −0.3000' },
      { step: 90, text: 'learning rate 0.1 → 0.2, L1 rate 0 → 1' },
      { step: 95, text: 'played on after early stopping' },
    ]);
  });

  it('tell the layers of a generator from those of the discriminator', () => {
    const layer = base.network.layers.length + 1;
    const edit = { kind: 'edit' as const, layer, param: 'b' as const, index: [1], value: 1 };
    const experiment = { ...base, generator: {} } as unknown as Experiment;
    const of: RunLog = { ...log, experiment, entries: [{ kind: 'edited', step: 1, edit }] };
    expect(deeds(schema, of)[0]?.text).toBe('bias 2 of generator layer 1 set to 1.0000');
  });

  it('are one mark where they lie together', () => {
    const steps = (apart: number) =>
      marks(deeds(schema, log), 100, apart).map((mark) => mark.deeds.map(({ step }) => step));
    expect(steps(0)).toEqual([[10], [12], [90], [95]]);
    expect(steps(0.02)).toEqual([[10, 12], [90], [95]]);
    expect(steps(1)).toEqual([[10, 12, 90, 95]]);
  });
});

describe('a log', () => {
  it('as far as an earlier step has the digest of none', () => {
    expect(upTo(log, 100)).toBe(log);
    const earlier = upTo(log, 12);
    expect(earlier).toMatchObject({ step: 12, digest: null, platform: 'p' });
    expect(earlier.entries.map((entry) => entry.step)).toEqual([10, 12]);
  });

  it('says the experiment there is after it', () => {
    expect(experimentOf(log).training).toMatchObject({ learning_rate: 0.2, l1: 1 });
    expect(experimentOf(upTo(log, 50)).training).toMatchObject({ learning_rate: 0.1, l1: 0 });
    expect(experimentOf(upTo(log, 5))).toEqual(base);
  });
});
