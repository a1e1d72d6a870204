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

/** The outputs over the domain. Curves are moved from the output's range to [-1, 1]. */
export function outputMaps(surface: Views['surface']): Bytes | Floats | null {
  if (!surface) return null;
  const { shape, data } = surface.values;
  if (data instanceof Uint8Array) return { shape, data };
  const [low, high] = surface.range;
  const scale = 2 / (high - low || 1);
  return { shape, data: Float32Array.from(data, (value) => (value - low) * scale - 1) };
}
