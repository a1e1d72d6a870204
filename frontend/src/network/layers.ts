/** Operations on the list of hidden layers: pure, and each within its limits. */

import type { Json, KindValue } from '../types';

/** A new list, and where each of its layers came from (an old index, or null: new). */
export interface Change {
  layers: KindValue[];
  origin: (number | null)[];
}

/** Units of a layer that TensorFlow Playground and we begin with. */
export const NEW_UNITS = 2;

export function insertLayer(
  layers: KindValue[],
  at: number,
  layer: KindValue,
  limit: number,
): Change | null {
  if (layers.length >= limit) return null;
  const index = clamp(at, 0, layers.length);
  return {
    layers: layers.toSpliced(index, 0, layer),
    origin: indices(layers).toSpliced(index, 0, null),
  };
}

export function duplicateLayer(layers: KindValue[], index: number, limit: number): Change | null {
  const layer = layers[index];
  if (!layer) return null;
  return insertLayer(layers, index + 1, { ...layer }, limit);
}

export function removeLayer(layers: KindValue[], index: number): Change | null {
  if (!layers[index]) return null;
  return { layers: layers.toSpliced(index, 1), origin: indices(layers).toSpliced(index, 1) };
}

export function moveLayer(layers: KindValue[], from: number, to: number): Change | null {
  if (!layers[from] || !layers[to] || from === to) return null;
  return { layers: moved(layers, from, to), origin: moved(indices(layers), from, to) };
}

/** Set one field of one layer; null when that is no change. */
export function setField(
  layers: KindValue[],
  index: number,
  name: string,
  value: Json,
): Change | null {
  const layer = layers[index];
  if (!layer || layer[name] === value) return null;
  return replaceLayer(layers, index, { ...layer, [name]: value });
}

export function replaceLayer(layers: KindValue[], index: number, layer: KindValue): Change | null {
  if (!layers[index]) return null;
  return { layers: layers.with(index, layer), origin: indices(layers) };
}

/**
 * A layer of `kind` to stand at index `at`: its kind's defaults, with the settings that it
 * shares with its neighbour where a person would expect them to be alike. units: how many it
 * begins with; null: as its kind says.
 */
export function newLayer(
  kind: string,
  properties: Record<string, unknown>,
  layers: KindValue[],
  at: number,
  units: number | null = NEW_UNITS,
): KindValue {
  const layer: KindValue = { kind };
  if ('units' in properties && units !== null) layer.units = units;
  const neighbour = layers[at - 1] ?? layers[at];
  const activation = neighbour?.activation;
  if ('activation' in properties && activation !== undefined) layer.activation = activation;
  return layer;
}

/** `items` with the one at `from` taken out and put back at `to`. */
export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const item = items[from] as T;
  return items.toSpliced(from, 1).toSpliced(to, 0, item);
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function indices(items: readonly unknown[]): (number | null)[] {
  return items.map((_, i) => i);
}
