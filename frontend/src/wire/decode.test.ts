import { encode } from '@msgpack/msgpack';
import { describe, expect, it } from 'vitest';
import { decode } from './decode';

const wire = (array: Float32Array | Uint8Array | Uint32Array | Int16Array, shape: number[]) => ({
  dtype: { Float32Array: 'f4', Uint8Array: 'u1', Uint32Array: 'u4', Int16Array: 'i2' }[
    array.constructor.name
  ],
  shape,
  data: new Uint8Array(array.buffer),
});

describe('decode', () => {
  it('gives typed arrays with their shape, at any depth', () => {
    const message = decode(
      encode({
        kind: 'frame',
        step: 3,
        rows: wire(new Float32Array([1.5, -2, Number.NaN, 4]), [2, 2]),
        views: { units: { layers: [wire(new Uint8Array([1, 2, 3, 4]), [1, 2, 2])] } },
      }),
    );
    if (message.kind !== 'frame') throw new Error(message.kind);
    expect(message.step).toBe(3);
    expect(message.rows.shape).toEqual([2, 2]);
    expect([...message.rows.data]).toEqual([1.5, -2, Number.NaN, 4]);
    expect(message.views.units?.layers[0]).toEqual({
      shape: [1, 2, 2],
      data: new Uint8Array([1, 2, 3, 4]),
    });
  });

  it('aligns arrays whatever comes before them', () => {
    for (const pad of ['', 'a', 'ab', 'abc']) {
      const values = new Float32Array([0.25, 7]);
      const message = decode(
        encode({ kind: 'history', pad, columns: [], rows: wire(values, [2]) }),
      );
      if (message.kind !== 'history') throw new Error(message.kind);
      expect(message.rows.data).toEqual(values);
    }
  });

  it('knows every dtype of the protocol', () => {
    for (const array of [new Int16Array([-3, 9]), new Uint32Array([70000, 1])]) {
      const message = decode(encode({ kind: 'history', columns: [], rows: wire(array, [2]) }));
      if (message.kind !== 'history') throw new Error(message.kind);
      expect([...message.rows.data]).toEqual([...array]);
    }
  });

  it('keeps plain values, nulls and strings', () => {
    const reply = { kind: 'reply', seq: 4, ok: false, errors: [{ path: '/a', message: 'no' }] };
    expect(decode(encode(reply))).toEqual(reply);
  });

  it('refuses bytes that do not fill the shape, and unknown dtypes', () => {
    const short = { dtype: 'f4', shape: [3], data: new Uint8Array(8) };
    expect(() => decode(encode({ kind: 'history', rows: short }))).toThrow('do not fill');
    const odd = { dtype: 'f8', shape: [1], data: new Uint8Array(8) };
    expect(() => decode(encode({ kind: 'history', rows: odd }))).toThrow('dtype f8');
  });
});
