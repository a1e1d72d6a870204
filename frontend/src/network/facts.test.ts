import { describe, expect, it } from 'vitest';
import type { Option, Schema } from '../types';
import { factsOf, featureChoices, fieldOf, titleOf, toggleFeature, unitLimits } from './facts';

const feature = (value: string, uses: string[], tf?: string): Option => ({
  value,
  title: value.toUpperCase(),
  help: '',
  formula: '',
  uses,
  ...(tf ? { tf } : {}),
});
const features = [
  feature('x', ['x'], 'x'),
  feature('y', ['y'], 'y'),
  feature('sin_x', ['x'], 'sinX'),
  feature('radius', ['x', 'y']),
];
const dense: Schema = {
  title: 'Dense',
  properties: {
    kind: { const: 'dense' },
    units: { type: 'integer', minimum: 1, maximum: 256 },
    activation: {
      default: 'tanh',
      enum: ['tanh'],
      'x-options': [{ value: 'tanh', title: 'Tanh', help: '', formula: '' }],
    },
  },
};
const object = (properties: Schema): Schema => ({ type: 'object', properties });
const root: Schema = {
  properties: {
    network: { $ref: '#/$defs/Network' },
    data: object({ features: { items: { 'x-options': features } } }),
    training: object({ loss: { oneOf: [] } }),
  },
  $defs: {
    Network: object({
      layers: { maxItems: 16, items: { oneOf: [dense] } },
      output: object({}),
    }),
  },
};

describe('facts', () => {
  it('are read from the schema', () => {
    const facts = factsOf(root);
    expect(facts.mostLayers).toBe(16);
    expect(facts.kinds.map((kind) => kind.kind)).toEqual(['dense']);
    expect(facts.features).toEqual(features);
  });

  it('know limits and titles of a kind', () => {
    expect(unitLimits(root, dense)).toEqual({ least: 1, most: 256 });
    expect(unitLimits(root, object({}))).toBeNull();
    const activation = fieldOf(root, dense, 'activation');
    expect(titleOf(activation, undefined)).toBe('Tanh');
    expect(titleOf(activation, 'swish')).toBe('swish');
    expect(titleOf(null, 'tanh')).toBe('');
  });
});

describe('features', () => {
  const names = (dimensions: number, active: string[], hide = {}) =>
    featureChoices(features, dimensions, active, hide).map((option) => option.value);

  it('are those of the problem', () => {
    expect(names(2, ['x'])).toEqual(['x', 'y', 'sin_x', 'radius']);
    expect(names(1, ['x'])).toEqual(['x', 'sin_x']);
  });

  it('go when a lesson hides them by their old name, unless the network uses them', () => {
    expect(names(2, ['x'], { sinX: true, y: true })).toEqual(['x', 'radius']);
    expect(names(2, ['x', 'sin_x'], { sinX: true })).toContain('sin_x');
    expect(names(2, ['x'], { sinX: false })).toContain('sin_x');
  });

  it('switch on and off in the order of the registry, and never all off', () => {
    expect(toggleFeature(features, ['sin_x'], 'x')).toEqual(['x', 'sin_x']);
    expect(toggleFeature(features, ['x', 'sin_x'], 'x')).toEqual(['sin_x']);
    expect(toggleFeature(features, ['x'], 'x')).toBeNull();
  });
});
