import { describe, expect, it } from 'vitest';
import { stripPixels } from './strip';

const lut = Uint32Array.from({ length: 256 }, (_, i) => i + 1);

describe('the strip of all units', () => {
  it('samples every map into its own cell', () => {
    const maps = {
      shape: [3, 2, 2],
      data: Uint8Array.of(1, 2, 3, 4, 10, 10, 10, 10, 20, 20, 20, 20),
    };
    const pixels = stripPixels(maps, 3, 2, 2, lut);
    expect([...pixels]).toEqual([2, 3, 11, 11, 4, 5, 11, 11, 21, 21, 0, 0, 21, 21, 0, 0]);
  });

  it('leaves units clear that the frame does not have', () => {
    const maps = { shape: [1, 1, 1], data: Uint8Array.of(5) };
    expect([...stripPixels(maps, 2, 2, 1, lut)]).toEqual([6, 0]);
  });

  it('draws curves as bars of their values', () => {
    const curves = { shape: [1, 2], data: Float32Array.of(-1, 1) };
    expect([...stripPixels(curves, 1, 1, 2, lut)]).toEqual([1, 256, 1, 256]);
  });

  it('keeps a hairline between larger cells', () => {
    const maps = { shape: [1, 1, 1], data: Uint8Array.of(5) };
    const pixels = stripPixels(maps, 1, 1, 4, lut);
    expect([...pixels.slice(0, 4)]).toEqual([6, 6, 6, 0]);
    expect([...pixels.slice(12)]).toEqual([0, 0, 0, 0]);
  });

  it('takes maps of any shape, lines over time and single values', () => {
    const wide = { shape: [1, 1, 2], data: Uint8Array.of(7, 9) };
    expect([...stripPixels(wide, 1, 1, 2, lut)]).toEqual([8, 10, 8, 10]);
    const lines = { shape: [2, 2], data: Uint8Array.of(7, 9, 0, 1) };
    expect([...stripPixels(lines, 2, 2, 2, lut)]).toEqual([8, 10, 1, 2, 8, 10, 1, 2]);
    const values = { shape: [2], data: Uint8Array.of(7, 9) };
    expect([...stripPixels(values, 2, 2, 1, lut)]).toEqual([8, 10]);
  });
});
