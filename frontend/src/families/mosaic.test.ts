import { expect, it } from 'vitest';
import { bytesOf, meanSquare, mosaicPixels } from './mosaic';

const LUT = Uint32Array.from({ length: 256 }, (_, i) => i);

it('lays pictures beside and below each other', () => {
  // two by two pictures of one row of two pixels
  const data = Float32Array.from([0, 0.2, 0.4, 0.6, 0.8, 1, 2, -1]);
  const { width, height, pixels } = mosaicPixels({ shape: [2, 2, 1, 2, 1], data }, LUT);
  expect([width, height]).toEqual([4, 2]);
  expect([...pixels]).toEqual([0, 51, 102, 153, 204, 255, 255, 0]);
});

it('keeps three channels as colours', () => {
  const data = Float32Array.from([1, 0, 0]);
  const { pixels } = mosaicPixels({ shape: [1, 1, 1, 1, 3], data }, LUT);
  expect(pixels[0]).toBe(0xff0000ff);
});

it('writes shares as bytes, and measures differences', () => {
  expect([...bytesOf({ shape: [3], data: Float32Array.of(0, 0.5, 7) }).data]).toEqual([
    0, 128, 255,
  ]);
  expect(meanSquare([1, 2], [0, 4])).toBe(2.5);
});
