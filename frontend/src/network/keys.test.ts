import { describe, expect, it } from 'vitest';
import type { KindValue } from '../types';
import { carryKeys, reconcile, sameShape } from './keys';

const dense = (units: number, activation = 'tanh'): KindValue => ({
  kind: 'dense',
  units,
  activation,
});
const counter = () => {
  let last = 100;
  return () => ++last;
};
const before = { layers: [dense(4), dense(2), dense(3)], keys: [1, 2, 3] };

describe('the keys of columns', () => {
  it('follow a change of the page', () => {
    expect(carryKeys([1, 2, 3], [2, null, 0], counter())).toEqual([3, 101, 1]);
  });

  it('stay where a list from elsewhere is the same', () => {
    expect(reconcile(before, [dense(4), dense(2), dense(3)], counter())).toEqual([1, 2, 3]);
  });

  it('stay with a layer whose settings changed', () => {
    expect(reconcile(before, [dense(4), dense(9, 'relu'), dense(3)], counter())).toEqual([1, 2, 3]);
  });

  it('are fresh for an inserted layer only', () => {
    expect(reconcile(before, [dense(4), dense(7), dense(2), dense(3)], counter())).toEqual([
      1, 101, 2, 3,
    ]);
  });

  it('go with a removed layer', () => {
    expect(reconcile(before, [dense(4), dense(3)], counter())).toEqual([1, 3]);
    expect(reconcile(before, [], counter())).toEqual([]);
  });

  it('are distinct even where equal layers repeat', () => {
    const twins = { layers: [dense(2), dense(2)], keys: [1, 2] };
    const keys = reconcile(twins, [dense(2), dense(2), dense(2)], counter());
    expect(new Set(keys).size).toBe(3);
  });
});

describe('sameShape', () => {
  it('looks at kinds and widths alone', () => {
    expect(sameShape([dense(2)], [dense(2, 'relu')])).toBe(true);
    expect(sameShape([dense(2)], [dense(3)])).toBe(false);
    expect(sameShape([dense(2)], [{ kind: 'dense' }])).toBe(true);
    expect(sameShape([dense(2)], [{ kind: 'other', units: 2 }])).toBe(false);
    expect(sameShape([dense(2)], [dense(2), dense(2)])).toBe(false);
  });
});
