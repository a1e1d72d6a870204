import { describe, expect, it } from 'vitest';
import { unpack } from '../pictures/colors';
import { inkLut, kernelMaps, largest, lineOf, numberOf, quantised, strongestPlace } from './pixels';

const bytes = (shape: number[], values: number[]) => ({ shape, data: Uint8Array.from(values) });

describe('what is quantised', () => {
  it('is read back within half a step', () => {
    const values = [-2, -0.7, 0, 0.31, 1.9];
    const limit = largest(values);
    const read = Array.from(quantised(values, limit), (byte) => numberOf(byte, limit));
    for (const [i, value] of values.entries())
      expect(Math.abs((read[i] ?? 0) - value)).toBeLessThanOrEqual(limit / 254);
  });

  it('is nothing where nothing is', () => {
    expect(numberOf(undefined, 3)).toBe(0);
    expect([...quantised([0, 0], 0)]).toEqual([128, 128]);
  });
});

describe('kernels', () => {
  it('are taken apart by input channel', () => {
    // w (2, 2, 2, 3): its value says row, column, channel and unit
    const index = (i: number) => [i / 12, (i / 6) % 2, (i / 3) % 2, i % 3].map(Math.floor);
    const data = Float32Array.from({ length: 24 }, (_, i) => {
      const [row = 0, column = 0, channel = 0, unit = 0] = index(i);
      return unit === 1 ? 100 * channel + 10 * row + column : 0;
    });
    const { values, limit } = kernelMaps({ shape: [2, 2, 2, 3], data }, 1);
    expect(values.shape).toEqual([2, 2, 2]);
    expect(limit).toBe(111);
    const read = Array.from(values.data, (byte) => Math.round(numberOf(byte, limit)));
    expect(read).toEqual([0, 1, 10, 11, 100, 101, 110, 111]);
  });

  it('of sequences have one row', () => {
    const w = { shape: [5, 2, 4], data: new Float32Array(40) };
    expect(kernelMaps(w, 0).values.shape).toEqual([2, 1, 5]);
  });
});

describe('maps', () => {
  it('have a place where they are strongest, be it negative', () => {
    const map = bytes([2, 2, 3], [128, 128, 128, 128, 128, 128, 128, 140, 128, 128, 128, 3]);
    expect(strongestPlace(map, 1)).toEqual([1, 2]);
    expect(strongestPlace(bytes([1, 4], [128, 255, 128, 128]), 0)).toEqual([0, 1]);
  });

  it('over time are lines from -1 to 1', () => {
    expect([...lineOf(bytes([2, 2], [9, 9, 0, 255]), 1)]).toEqual([-1, 1]);
  });

  it('of grey pictures go from paper to ink', () => {
    const lut = inkLut([255, 255, 255], [0, 10, 20]);
    expect(unpack(lut[0] ?? 0)).toEqual([255, 255, 255]);
    expect(unpack(lut[255] ?? 0)).toEqual([0, 10, 20]);
  });
});
