/** What is made of a grid of noise, as one picture. */

import { pack } from '../pictures/colors';
import type { Tensor } from '../types';

/**
 * Pictures (rows, columns, h, w, channels) of bytes beside and above each other, the first row the
 * lowest, packed by `lut`.
 */
export function gridPixels(
  { shape, data }: Tensor,
  lut: Uint32Array,
): { width: number; height: number; pixels: Uint32Array } {
  const [rows = 1, columns = 1, h = 1, w = 1, channels = 1] = shape;
  const width = columns * w;
  const pixels = new Uint32Array(width * rows * h);
  for (let at = 0; at < rows * columns * h * w; at++) {
    const x = at % w;
    const y = Math.floor(at / w) % h;
    const column = Math.floor(at / (w * h)) % columns;
    const row = rows - 1 - Math.floor(at / (w * h * columns));
    const [first = 0, second = 0, third = 0] = data.subarray(at * channels, (at + 1) * channels);
    pixels[(row * h + y) * width + column * w + x] =
      channels < 3 ? (lut[first] ?? 0) : pack([first, second, third]);
  }
  return { width, height: rows * h, pixels };
}
