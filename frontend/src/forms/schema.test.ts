import { describe, expect, it } from 'vitest';
import type { Schema } from '../types';
import * as s from './schema';

const root: Schema = {
  $defs: {
    Training: {
      type: 'object',
      title: 'Training',
      properties: {
        optimizer: {
          default: 'sgd',
          title: 'Optimizer',
          oneOf: [
            {
              type: 'object',
              title: 'SGD',
              description: 'Straight down.',
              'x-formula': 'w - g',
              'x-problems': ['classification'],
              properties: { kind: { const: 'sgd' } },
            },
            {
              type: 'object',
              title: 'Adam',
              properties: {
                kind: { const: 'adam' },
                beta1: { type: 'number', minimum: 0, exclusiveMaximum: 1, default: 0.9 },
              },
            },
          ],
        },
        clip_norm: {
          anyOf: [{ type: 'number', exclusiveMinimum: 0, maximum: 1000 }, { type: 'null' }],
          default: null,
          title: 'Gradient clipping',
          'x-scale': 'log',
        },
        early_stopping: {
          anyOf: [{ $ref: '#/$defs/Early' }, { type: 'null' }],
          title: 'Early stopping',
          description: 'Stop by itself.',
        },
        rules: { enum: ['standard', 'tf_playground'], type: 'string', default: 'standard' },
        batch_size: { type: 'integer', minimum: 1, 'x-choices': [1, 5, 10] },
      },
    },
    Early: {
      type: 'object',
      title: 'Inner title',
      properties: { patience: { type: 'integer', default: 20 } },
    },
  },
  type: 'object',
  properties: { training: { $ref: '#/$defs/Training', title: 'How it learns' } },
};

describe('the schema', () => {
  it('follows references, and what stands beside one wins', () => {
    expect(s.at(root, 'training').title).toBe('How it learns');
    expect(s.properties(root, s.at(root, 'training')).map((p) => p.name)).toEqual([
      'optimizer',
      'clip_norm',
      'early_stopping',
      'rules',
      'batch_size',
    ]);
    expect(() => s.at(root, 'training', 'nothing')).toThrow('training/nothing');
    expect(() => s.resolve(root, { $ref: '#/$defs/Gone' })).toThrow('Gone');
  });

  it('opens what may be empty', () => {
    const clip = s.unwrap(root, s.at(root, 'training', 'clip_norm'));
    expect(clip.nullable).toBe(true);
    expect(s.fieldType(clip.node)).toBe('number');
    expect(s.words(clip.node).title).toBe('Gradient clipping');
    expect(s.startOf(clip.node)).toBe(1);
    const early = s.unwrap(root, s.at(root, 'training', 'early_stopping'));
    expect(s.fieldType(early.node)).toBe('object');
    expect(s.words(early.node)).toMatchObject({ title: 'Early stopping', help: 'Stop by itself.' });
    expect(s.properties(root, early.node).map((p) => p.name)).toEqual(['patience']);
    expect(s.startOf(early.node)).toEqual({});
    expect(s.unwrap(root, s.at(root, 'training', 'rules')).nullable).toBe(false);
  });

  it('knows the kinds of a union, their words and fields', () => {
    const optimizer = s.at(root, 'training', 'optimizer');
    expect(s.fieldType(optimizer)).toBe('union');
    expect(s.variants(optimizer).map((v) => v.kind)).toEqual(['sgd', 'adam']);
    expect(s.variants(optimizer, 'regression').map((v) => v.kind)).toEqual(['adam']);
    expect(s.variants(optimizer, 'classification')).toHaveLength(2);
    expect(s.variant(optimizer, 'sgd')).toMatchObject({ title: 'SGD', formula: 'w - g' });
    const adam = s.variant(optimizer, 'adam')?.node as Schema;
    expect(s.properties(root, adam).map((p) => p.name)).toEqual(['beta1']);
    expect(s.fieldValue(optimizer, undefined)).toEqual({ kind: 'sgd' });
    expect(s.defaultOf(root, ['training', 'optimizer'])).toEqual({ kind: 'sgd' });
  });

  it('gives names without words a title', () => {
    expect(s.options(s.at(root, 'training', 'rules')).map((o) => o.title)).toEqual([
      'Standard',
      'Tf playground',
    ]);
  });

  it('knows limits that are allowed from those that are not', () => {
    const beta = s.limits({ type: 'number', minimum: 0, exclusiveMaximum: 1 });
    expect(beta).toMatchObject({ min: 0, max: 1, above: false, below: true, integer: false });
    expect(s.limits(s.at(root, 'training', 'batch_size'))).toMatchObject({
      integer: true,
      stops: [1, 5, 10],
      max: Number.POSITIVE_INFINITY,
    });
  });
});

it('knows a list of whole numbers', () => {
  const node = { type: 'array', items: { type: 'integer' } };
  expect(s.fieldType(node)).toBe('numbers');
  expect(s.fieldType({ type: 'array', items: { type: 'array' } })).toBe('other');
});
