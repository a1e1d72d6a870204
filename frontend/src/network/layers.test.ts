import { describe, expect, it } from 'vitest';
import type { KindValue } from '../types';
import {
  type Change,
  duplicateLayer,
  insertLayer,
  moveLayer,
  newLayer,
  removeLayer,
  setField,
} from './layers';

const dense = (units: number, activation = 'tanh'): KindValue => ({
  kind: 'dense',
  units,
  activation,
});
const stack = [dense(4), dense(2), dense(8, 'relu')];
const units = (change: Change | null) => change?.layers.map((layer) => layer.units);

describe('the list of layers', () => {
  it('inserts anywhere, up to the limit', () => {
    const change = insertLayer(stack, 1, dense(5), 4);
    expect(units(change)).toEqual([4, 5, 2, 8]);
    expect(change?.origin).toEqual([0, null, 1, 2]);
    expect(units(insertLayer(stack, 3, dense(5), 16))).toEqual([4, 2, 8, 5]);
    expect(units(insertLayer([], 7, dense(5), 16))).toEqual([5]);
    expect(insertLayer(stack, 1, dense(5), 3)).toBeNull();
  });

  it('duplicates a layer beside itself, as a value of its own', () => {
    const change = duplicateLayer(stack, 2, 16);
    expect(units(change)).toEqual([4, 2, 8, 8]);
    expect(change?.origin).toEqual([0, 1, 2, null]);
    expect(change?.layers[3]).not.toBe(stack[2]);
    expect(duplicateLayer(stack, 2, 3)).toBeNull();
    expect(duplicateLayer(stack, 3, 16)).toBeNull();
  });

  it('removes a layer, the last one too', () => {
    expect(units(removeLayer(stack, 0))).toEqual([2, 8]);
    expect(removeLayer(stack, 0)?.origin).toEqual([1, 2]);
    expect(removeLayer([dense(1)], 0)).toEqual({ layers: [], origin: [] });
    expect(removeLayer(stack, 9)).toBeNull();
  });

  it('moves a layer both ways and refuses to move it nowhere', () => {
    expect(units(moveLayer(stack, 0, 2))).toEqual([2, 8, 4]);
    expect(moveLayer(stack, 0, 2)?.origin).toEqual([1, 2, 0]);
    expect(units(moveLayer(stack, 2, 0))).toEqual([8, 4, 2]);
    expect(moveLayer(stack, 1, 1)).toBeNull();
    expect(moveLayer(stack, 1, 3)).toBeNull();
    expect(moveLayer(stack, -1, 0)).toBeNull();
  });

  it('sets one field and leaves the list that it was given alone', () => {
    const change = setField(stack, 1, 'units', 3);
    expect(units(change)).toEqual([4, 3, 8]);
    expect(change?.origin).toEqual([0, 1, 2]);
    expect(stack[1]?.units).toBe(2);
    expect(setField(stack, 1, 'units', 2)).toBeNull();
  });
});

describe('a new layer', () => {
  const properties = { kind: {}, units: {}, activation: {} };

  it('has two units and the activation of the layer before it', () => {
    expect(newLayer('dense', properties, stack, 3)).toEqual(dense(2, 'relu'));
    expect(newLayer('dense', properties, stack, 1)).toEqual(dense(2, 'tanh'));
  });

  it('takes after the layer behind it where there is none before', () => {
    expect(newLayer('dense', properties, [dense(4, 'sine')], 0)).toEqual(dense(2, 'sine'));
    expect(newLayer('dense', properties, [], 0)).toEqual({ kind: 'dense', units: 2 });
  });

  it('is given no setting that its kind does not have', () => {
    expect(newLayer('dropout', { kind: {}, rate: {} }, stack, 1)).toEqual({ kind: 'dropout' });
  });
});
