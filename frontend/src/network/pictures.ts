/** The maps of features, units and outputs, as HeatCanvas draws them: over [-1, 1]. */

import type { Bytes, Floats, Points, Views } from '../types';

/** One map of a stack: bytes (n, size, size), or in one dimension floats (n, size). */
export interface Picture {
  map: Bytes | Floats;
  index: number;
  /** Packed colours; left out, the diverging scale. */
  lut?: Uint32Array;
}

/** One map of a stack; null where the stack does not have it (yet). */
export function pictureOf(map: Bytes | Floats | null | undefined, index: number): Picture | null {
  return map && index < (map.shape[0] ?? 0) ? { map, index } : null;
}

/** The picture of a feature: its map, or in one dimension its curve, as high as it fits. */
export function featurePicture(points: Points | null, name: string): Picture | null {
  const map = points?.features[name];
  if (!map) return null;
  const { data } = map;
  if (data instanceof Uint8Array) return { map, index: 0 };
  const most = data.reduce((so, value) => Math.max(so, Math.abs(value)), 1e-9);
  const curve = data.map((value) => value / most);
  return { map: { shape: [1, curve.length], data: curve }, index: 0 };
}

/** What a generator of points makes of the noise: a map of x and one of y, over the domain. */
export function madeMaps(
  manifold: Views['manifold'],
  domain: readonly [number, number] | undefined,
): Bytes | null {
  const [rows = 0, columns = 0, axes = 0] = manifold?.values.shape ?? [];
  if (!manifold || !domain || axes !== 2 || manifold.values.shape.length !== 3) return null;
  const [low, high] = domain;
  const data = new Uint8Array(2 * rows * columns);
  for (let axis = 0; axis < 2; axis++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        // the largest second number at the top, as of the units
        const from = ((rows - 1 - row) * columns + column) * 2 + axis;
        const share = ((manifold.values.data[from] ?? 0) - low) / (high - low);
        data[(axis * rows + row) * columns + column] = 255 * Math.min(1, Math.max(0, share));
      }
  return { shape: [2, rows, columns], data };
}

/** Maps of one row are lines: of a noise of one number. */
export function asLines(map: Bytes | Floats | null): Bytes | Floats | null {
  if (!(map?.data instanceof Uint8Array) || map.shape.length !== 3 || map.shape[1] !== 1)
    return map;
  const [count = 0, , size = 0] = map.shape;
  return { shape: [count, size], data: Float32Array.from(map.data, (byte) => byte / 127.5 - 1) };
}

/** One number of the noise over the plane of the first two, which all else is drawn over. */
export function noiseMap(index: number, latent: number, size = 16): Bytes {
  const rows = latent > 1 ? size : 1;
  const value = (row: number, column: number) =>
    index === 0 ? column / (size - 1) : index === 1 ? 1 - row / Math.max(1, rows - 1) : 0.5;
  const data = Uint8Array.from({ length: rows * size }, (_, i) =>
    Math.round(255 * value(Math.floor(i / size), i % size)),
  );
  return { shape: [1, rows, size], data };
}

/** The outputs over the domain. Curves are moved from the output's range to [-1, 1]. */
export function outputMaps(surface: Views['surface']): Bytes | Floats | null {
  if (!surface) return null;
  const { shape, data } = surface.values;
  if (data instanceof Uint8Array) return { shape, data };
  const [low, high] = surface.range;
  const scale = 2 / (high - low || 1);
  return { shape, data: Float32Array.from(data, (value) => (value - low) * scale - 1) };
}
