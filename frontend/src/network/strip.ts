/** All units of a layer as tiny cells in one image. */

import type { Bytes, Floats } from '../types';

/**
 * Packed colours of a grid of cells, `side` px each. A map is sampled over its cell; a curve
 * over x or time is drawn as bars of its values. Cells without a unit stay 0 (clear).
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
  const known = Math.min(units, tensor.shape[0] ?? 0);
  const { flat, size, high } = sides(tensor);
  const sample = (count: number) =>
    Array.from({ length: side }, (_, i) => Math.floor(((i + 0.5) / side) * count));
  const [across, down] = [sample(size), sample(high)];
  const inner = side > 3 ? side - 1 : side; // a hairline between cells
  for (let unit = 0; unit < known; unit++) {
    const left = (unit % columns) * side;
    const top = Math.floor(unit / columns) * side;
    const start = unit * size * high;
    for (let y = 0; y < inner; y++) {
      const row = start + (down[y] ?? 0) * size;
      const line = (top + y) * columns * side + left;
      for (let x = 0; x < inner; x++) {
        const value = tensor.data[row + (across[x] ?? 0)] ?? 0;
        pixels[line + x] = lut[flat ? byteOf(value) : value] ?? 0;
      }
    }
  }
  return pixels;
}

/** Columns and rows of one unit's map: a line over time has one row, a single value one place. */
function sides({ shape, data }: Bytes | Floats): { flat: boolean; size: number; high: number } {
  const flat = !(data instanceof Uint8Array);
  if (shape.length < 2) return { flat, size: 1, high: 1 };
  return { flat, size: shape.at(-1) ?? 1, high: shape.length > 2 ? (shape[1] ?? 1) : 1 };
}

function byteOf(value: number): number {
  return Math.round((Math.min(1, Math.max(-1, value || 0)) + 1) * 127.5);
}
