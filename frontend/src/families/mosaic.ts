/** What is decoded from places all over a plane, as one picture. */

import { pack } from '../pictures/colors';
import type { Floats } from '../types';

const byte = (value: number | undefined) => Math.round(255 * Math.max(0, Math.min(1, value ?? 0)));

/** A picture (height, width, channels) of shares as bytes. */
export function bytesOf({ shape, data }: Floats): { shape: number[]; data: Uint8Array } {
  return { shape, data: Uint8Array.from(data, byte) };
}

/** Pictures (size, size, h, w, channels) of shares beside and below each other, packed by `lut`. */
export function mosaicPixels(
  { shape, data }: Floats,
  lut: Uint32Array,
): { width: number; height: number; pixels: Uint32Array } {
  const [size = 1, , h = 1, w = 1, channels = 1] = shape;
  const width = size * w;
  const pixels = new Uint32Array(width * size * h);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++)
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++) {
          const at = (((row * size + column) * h + y) * w + x) * channels;
          const value = byte(data[at]);
          pixels[(row * h + y) * width + column * w + x] =
            channels < 3
              ? (lut[value] ?? 0)
              : pack([value, byte(data[at + 1]), byte(data[at + 2])]);
        }
  return { width, height: size * h, pixels };
}

/** Mean squared difference of two arrays as long. */
export function meanSquare(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  return sum / Math.max(1, a.length);
}
