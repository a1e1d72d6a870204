import { describe, expect, it } from 'vitest';
import type { Bytes, Floats } from '../types';
import { asLines, featurePicture, madeMaps, noiseMap, outputMaps, pictureOf } from './pictures';

const points = (map: Bytes | Floats) => ({
  inputs: { shape: [0, 1], data: new Float32Array() },
  labels: { shape: [0], data: new Float32Array() },
  split: { shape: [0], data: new Uint8Array() },
  features: { x: map as Bytes },
});

describe('pictures', () => {
  it('are there for the units that a frame has', () => {
    const map = { shape: [2, 1, 1], data: Uint8Array.of(1, 2) };
    expect(pictureOf(map, 1)).toEqual({ map, index: 1 });
    expect(pictureOf(map, 2)).toBeNull();
    expect(pictureOf(undefined, 0)).toBeNull();
  });

  it('show a feature as a map, or in one dimension as a curve of full height', () => {
    const square = points({ shape: [2, 2], data: Uint8Array.of(0, 255, 0, 255) });
    expect(featurePicture(square, 'x')?.map.shape).toEqual([2, 2]);
    const line = points({ shape: [3], data: Float32Array.of(-6, 0, 3) });
    expect([...(featurePicture(line, 'x')?.map.data ?? [])]).toEqual([-1, 0, 0.5]);
    expect(featurePicture(square, 'y')).toBeNull();
    expect(featurePicture(null, 'x')).toBeNull();
  });

  it('show an output curve over its own range', () => {
    const values = { shape: [1, 3], data: Float32Array.of(0, 5, 10) };
    expect([...(outputMaps({ values, range: [0, 10] })?.data ?? [])]).toEqual([-1, 0, 1]);
    const bytes = { shape: [1, 1, 1], data: Uint8Array.of(7) };
    expect(outputMaps({ values: bytes, range: [0, 1] })?.data).toBe(bytes.data);
    expect(outputMaps(undefined)).toBeNull();
  });
});

describe('pictures of a generator', () => {
  it('show where each coordinate is made, the largest second number at the top', () => {
    const values = { shape: [2, 2, 2], data: Float32Array.of(-6, 0, 6, 0, -6, 6, 9, -6) };
    const maps = madeMaps({ values }, [-6, 6]);
    expect(maps?.shape).toEqual([2, 2, 2]);
    expect([...(maps?.data ?? [])]).toEqual([0, 255, 0, 255, 255, 0, 127, 127]);
    expect(
      madeMaps({ values: { shape: [1, 1, 8, 8, 1], data: new Uint8Array(64) } }, [0, 1]),
    ).toBeNull();
  });

  it('show the first two numbers of the noise as the axes, the others as nothing', () => {
    const map = (index: number) => [...noiseMap(index, 3, 2).data];
    expect(map(0)).toEqual([0, 255, 0, 255]);
    expect(map(1)).toEqual([255, 255, 0, 0]);
    expect(new Set(map(2))).toEqual(new Set([128]));
  });

  it('are lines over a noise of one number', () => {
    const line = asLines(noiseMap(0, 1, 3));
    expect(line?.shape).toEqual([1, 3]);
    expect(line?.data[0]).toBe(-1);
    expect(line?.data[2]).toBe(1);
    const plane = noiseMap(0, 2, 3);
    expect(asLines(plane)).toBe(plane);
  });
});
