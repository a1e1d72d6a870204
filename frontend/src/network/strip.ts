/** All units of a layer as tiny cells in one image. */

import type { Bytes, Floats } from '../types';

/**
 * Packed colours of a grid of cells, `side` px each. A map is sampled over its cell; a curve
 * over x is drawn as bars of its values. Cells without a unit stay 0 (clear).
 */
export function stripPixels(
  tensor: Bytes | Floats,
  units: number,
  columns: number,
  side: number,
  lut: Uint32Array,
): Uint32Array {
  const rows = Math.ceil(units / columns);
  const pixels = new Uint32Array(columns * rows * side * side);
  const size = tensor.shape.at(-1) ?? 0;
  const known = Math.min(units, tensor.shape[0] ?? 0);
  const flat = tensor.shape.length < 3;
  const sample = Array.from({ length: side }, (_, i) => Math.floor(((i + 0.5) / side) * size));
  const inner = side > 3 ? side - 1 : side; // a hairline between cells
  for (let unit = 0; unit < known; unit++) {
    const left = (unit % columns) * side;
    const top = Math.floor(unit / columns) * side;
    const start = unit * (flat ? size : size * size);
    for (let y = 0; y < inner; y++) {
      const row = start + (flat ? 0 : (sample[y] ?? 0) * size);
      const line = (top + y) * columns * side + left;
      for (let x = 0; x < inner; x++) {
        const value = tensor.data[row + (sample[x] ?? 0)] ?? 0;
        pixels[line + x] = lut[flat ? byteOf(value) : value] ?? 0;
      }
    }
  }
  return pixels;
}

function byteOf(value: number): number {
  return Math.round((Math.min(1, Math.max(-1, value || 0)) + 1) * 127.5);
}
