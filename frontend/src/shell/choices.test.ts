import { describe, expect, it } from 'vitest';
import type { Experiment, KindValue, Schema } from '../types';
import * as c from './choices';

const dataset = (kind: string, problem: string, dimensions: number, fields: Schema = {}) => ({
  title: kind,
  properties: { kind: { const: kind }, ...fields },
  'x-problem': problem,
  'x-dimensions': dimensions,
});
const noise = { noise: { type: 'number', default: 0 }, samples: { type: 'integer', default: 500 } };
const schema: Schema = {
  properties: {
    data: {
      type: 'object',
      properties: {
        dataset: {
          oneOf: [
            dataset('circle', 'classification', 2, noise),
            dataset('spiral', 'classification', 2, noise),
            dataset('plane', 'regression', 2, noise),
            dataset('wave', 'regression', 1),
          ],
        },
        features: {
          type: 'array',
          items: {
            enum: ['x', 'y', 'x_squared', 'xy'],
            'x-options': [
              { value: 'x', uses: ['x'] },
              { value: 'y', uses: ['y'] },
              { value: 'x_squared', uses: ['x'] },
              { value: 'xy', uses: ['x', 'y'] },
            ],
          },
        },
      },
    },
    training: {
      type: 'object',
      properties: {
        loss: { default: 'squared_error', oneOf: [{ properties: { kind: { const: 'hinge' } } }] },
        optimizer: {
          oneOf: [
            { properties: { kind: { const: 'sgd' } }, 'x-learning-rate': 0.03 },
            { properties: { kind: { const: 'adam' } }, 'x-learning-rate': 0.003 },
          ],
        },
      },
    },
  },
};
const experiment = (kind: string, features: string[]) =>
  ({ data: { dataset: { kind }, features } }) as unknown as Experiment;

describe('choosing a dataset', () => {
  it('leaves a duel as it is, where examples can be made', () => {
    const duel = { ...experiment('circle', ['x', 'y']), generator: {} } as unknown as Experiment;
    const to = (kind: string) => c.chooseDataset(schema, duel, { kind });
    expect(to('plane')).toEqual({ data: { dataset: { kind: 'plane' } } });
    expect(to('wave')).toHaveProperty('training.loss');
  });

  it('changes nothing else within a problem', () => {
    const patch = c.chooseDataset(schema, experiment('circle', ['x', 'xy']), { kind: 'spiral' });
    expect(patch).toEqual({ data: { dataset: { kind: 'spiral' } } });
  });

  it('goes back to the default loss for another problem', () => {
    const patch = c.chooseDataset(schema, experiment('circle', ['x']), { kind: 'plane' });
    expect(patch.training).toEqual({ loss: { kind: 'squared_error' } });
    expect(patch.network).toEqual({ output: { activation: null } });
    expect(patch.data).toEqual({ dataset: { kind: 'plane' } });
  });

  it('keeps the features that one input can give', () => {
    const features = (on: string[]) =>
      c.chooseDataset(schema, experiment('plane', on), { kind: 'wave' }).data;
    expect(features(['y', 'x_squared'])).toMatchObject({ features: ['x_squared'] });
    expect(features(['y', 'xy'])).toMatchObject({ features: ['x'] });
    const back = c.chooseDataset(schema, experiment('wave', ['x_squared']), { kind: 'plane' });
    expect(back.data).toMatchObject({ features: ['x', 'y'] });
  });

  it('carries over what was set, and no default', () => {
    const set = { kind: 'circle', noise: 25, samples: 500 };
    expect(c.carryOver(schema, set, 'spiral')).toEqual({ kind: 'spiral', noise: 25 });
    expect(c.carryOver(schema, { ...set, noise: 0 }, 'spiral')).toEqual({ kind: 'spiral' });
    expect(c.carryOver(schema, set, 'wave')).toEqual({ kind: 'wave' });
  });
});

it('an optimizer brings its learning rate', () => {
  expect(c.chooseOptimizer(schema, 'adam')).toEqual({
    training: { optimizer: { kind: 'adam' }, learning_rate: 0.003 },
  });
});

it('one activation speaks for all hidden layers, or says that they differ', () => {
  const layers: KindValue[] = [
    { kind: 'dense', units: 4, activation: 'tanh' },
    { kind: 'dropout', rate: 0.5 },
    { kind: 'dense', units: 2, activation: 'relu' },
  ];
  expect(c.activationOf(layers)).toBe('mixed');
  expect(c.activationOf([])).toBe('');
  const all = c.withActivation(layers, 'gelu');
  expect(c.activationOf(all)).toBe('gelu');
  expect(all[1]).toEqual(layers[1]);
});

it('a penalty and its rates say the same', () => {
  for (const penalty of c.PENALTIES)
    expect(c.penaltyOf(c.penaltyRates(penalty, 0.1))).toBe(penalty);
});
