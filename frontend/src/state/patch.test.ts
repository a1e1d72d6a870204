import { describe, expect, it } from 'vitest';
import type { Json } from '../types';
import { diff, differInNumbers, merge, same, touched } from './patch';

describe('merge', () => {
  it('follows the examples of RFC 7396, but keeps a null', () => {
    const cases: [Json, Json, Json][] = [
      [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
      [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
      [{ a: 'b' }, { a: null }, { a: null }],
      [{ a: 'b', b: 'c' }, { a: null }, { a: null, b: 'c' }],
      [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
      [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
      [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd', c: null } }],
      [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
      [
        ['a', 'b'],
        ['c', 'd'],
        ['c', 'd'],
      ],
      [{ e: null }, { a: 1 }, { e: null, a: 1 }],
      [[1, 2], { a: 'b', c: null }, { a: 'b', c: null }],
      [{}, { a: { bb: { ccc: null } } }, { a: { bb: { ccc: null } } }],
    ];
    for (const [target, patch, result] of cases) expect(merge(target, patch)).toEqual(result);
  });

  it('replaces an object whose kind changes', () => {
    const target = { optimizer: { kind: 'adam', beta1: 0.9 } };
    expect(merge(target, { optimizer: { kind: 'sgd' } })).toEqual({ optimizer: { kind: 'sgd' } });
    expect(merge(target, { optimizer: { kind: 'adam', eps: 1 } })).toEqual({
      optimizer: { kind: 'adam', beta1: 0.9, eps: 1 },
    });
  });

  it('leaves the target alone', () => {
    const target = { a: { b: 1 }, c: { d: 2 } };
    const merged = merge(target, { a: { b: 3 } });
    expect(target).toEqual({ a: { b: 1 }, c: { d: 2 } });
    expect(merged.c).toBe(target.c);
  });
});

describe('diff', () => {
  const states: Json[] = [
    { training: { learning_rate: 0.03, optimizer: { kind: 'sgd' } }, layers: [{ units: 4 }] },
    { training: { learning_rate: 0.1, optimizer: { kind: 'adam', beta1: 0.9 } }, layers: [] },
    {
      training: { learning_rate: 0.1, optimizer: { kind: 'adam', beta1: 0.5 } },
      layers: [{ units: 4 }, { units: 2 }],
    },
  ];

  it('is undone by the diff the other way', () => {
    for (const from of states)
      for (const to of states) {
        const patch = diff(from, to);
        expect(patch === undefined ? from : merge(from, patch)).toEqual(to);
      }
  });

  it('asks for the default of what is gone', () => {
    expect(diff({ kind: 'a', b: 1 }, { kind: 'a' })).toEqual({ b: null });
  });

  it('says only what changed', () => {
    expect(diff({ a: 1, b: { c: 2, d: 3 } }, { a: 1, b: { c: 4, d: 3 } })).toEqual({ b: { c: 4 } });
    expect(diff({ a: [1, 2] }, { a: [1, 2] })).toBeUndefined();
  });
});

it('touched names the leaves of a patch', () => {
  expect(touched({ training: { l1: 0, optimizer: { kind: 'sgd' } }, seed: 3 })).toEqual([
    'training/l1',
    'training/optimizer/kind',
    'seed',
  ]);
});

it('same compares by value', () => {
  expect(same({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toBe(true);
  expect(same({ a: 1 }, { a: 1, b: 2 })).toBe(false);
  expect(same([1], { 0: 1 })).toBe(false);
  expect(same({ a: undefined as unknown as Json }, { b: 1 })).toBe(false);
});

it('differInNumbers tells a drag from a change of what there is', () => {
  const layers = (...units: number[]) => ({
    layers: units.map((n) => ({ kind: 'dense', units: n })),
  });
  expect(differInNumbers(layers(4, 2), layers(4, 3))).toBe(true);
  expect(differInNumbers(layers(4, 2), layers(4, 2, 2))).toBe(false);
  expect(differInNumbers({ a: 'relu', b: 1 }, { a: 'tanh', b: 1 })).toBe(false);
  expect(differInNumbers({ a: 1 }, { a: null })).toBe(false);
  expect(differInNumbers({ a: 1 }, { b: 1 })).toBe(false);
});
