/** What the big plot shows: which maps, over which range, under which name. */

import type { Bytes, Floats, Frame, Points, Session, Spotlight } from '../types';
import { unbanded } from './field';
import { row, slice } from './heat';

/** Bytes over `range` on a square grid. Several maps: one per class. */
export interface Plane {
  type: 'plane';
  maps: ArrayLike<number>[];
  size: number;
  range: readonly [number, number];
}

/** Values over x. */
export interface Lines {
  type: 'lines';
  curves: Float32Array[];
  range: readonly [number, number];
}

export type Picture = Plane | Lines;

const UNIT_RANGE = [-1, 1] as const;

/** All maps of a stack (n, h, w) of bytes, or all rows of (n, size) floats. */
function pictureOf(stack: Bytes | Floats, range: readonly [number, number]): Picture {
  const { shape } = stack;
  if (stack.data instanceof Uint8Array) {
    const count = shape.length > 2 ? (shape[0] ?? 0) : 1;
    const size = shape.at(-1) ?? 0;
    const maps = indices(count).map((i) => slice(stack as Bytes, i).values);
    return { type: 'plane', maps: count > 1 ? unbanded(maps, size) : maps, size, range };
  }
  const count = shape.length > 1 ? (shape[0] ?? 0) : 1;
  return { type: 'lines', curves: indices(count).map((i) => row(stack as Floats, i)), range };
}

/** One map or row out of a stack, as a stack of one. No copy. */
function single<T extends Bytes | Floats>(stack: T, index: number): T {
  const [, ...shape] = stack.shape;
  const length = shape.reduce((product, side) => product * side, 1);
  const data = stack.data.subarray(index * length, (index + 1) * length);
  return { ...stack, shape: [1, ...shape], data };
}

const indices = (count: number) => Array.from({ length: count }, (_, i) => i);

/** One map of a picture alone. */
function only(picture: Picture, index: number): Picture | null {
  if (picture.type === 'plane') {
    const map = picture.maps[index];
    return map ? { ...picture, maps: [map] } : null;
  }
  const curve = picture.curves[index];
  return curve ? { ...picture, curves: [curve] } : null;
}

/** The network's output, null before the first frame with it. */
export function outputPicture(frame: Pick<Frame, 'views'> | null): Picture | null {
  const surface = frame?.views.surface;
  return surface ? pictureOf(surface.values, surface.range) : null;
}

/** Maps are quantised over [-1, 1]; curves reach as far as they do, and are seen to zero. */
function spanOf({ data }: Bytes | Floats): readonly [number, number] {
  if (data instanceof Uint8Array) return UNIT_RANGE;
  const reach = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return [-reach, reach];
}

/** The map of what is in the spotlight, null if there is none (yet). */
export function spotlightPicture(
  spotlight: Spotlight,
  frame: Frame | null,
  points: Points | null,
): Picture | null {
  if (!spotlight || spotlight.type === 'maker') return null;
  if (spotlight.type === 'feature') {
    const map = points?.features[spotlight.name];
    return map ? pictureOf(map, spanOf(map)) : null;
  }
  const layer = frame?.views.units?.layers[spotlight.layer];
  if (!layer || spotlight.unit >= (layer.shape[0] ?? 0)) return null;
  const one = single(layer, spotlight.unit);
  return pictureOf(one, spanOf(one));
}

/** What the big plot shows: what is in the spotlight, else the output, of one class if any. */
export function plotted(
  spot: Picture | null,
  output: Picture | null,
  surfaceClass: number | null,
): { picture: Picture | null; picked: number | null } {
  const count = output?.type === 'plane' ? output.maps.length : 1;
  if (spot || !output || surfaceClass === null || count < 2 || surfaceClass >= count)
    return { picture: spot ?? output, picked: null };
  return { picture: only(output, surfaceClass), picked: surfaceClass };
}

/** What the picture is called. */
export function pictureTitle(spotlight: Spotlight, featureTitle: (name: string) => string): string {
  if (!spotlight || spotlight.type === 'maker') return 'Output';
  if (spotlight.type === 'feature') return `Feature ${featureTitle(spotlight.name)}`;
  return `Layer ${spotlight.layer + 1}, unit ${spotlight.unit + 1}`;
}

/** One sentence about what is to be seen. */
export function pictureCaption(
  spotlight: Spotlight,
  session: Session,
  surfaceClass: number | null,
  className: (index: number) => string,
): string {
  if (spotlight?.type === 'feature') return 'What the network is given of every point.';
  if (spotlight?.type === 'unit') return 'What this unit answers at every place.';
  if (session.problem === 'generation') return 'Blue: taken for real. Orange: seen through.';
  if (session.dimensions === 1) return 'The fitted curve over the points it learns from.';
  if (session.problem === 'regression') return 'The value predicted at every place.';
  if (surfaceClass !== null) return `The output for class ${className(surfaceClass)}.`;
  return session.classes > 2
    ? 'The class predicted at every place.'
    : 'Orange or blue: the class predicted at every place.';
}

/** A byte as the value it stands for. */
export function valueAt(byte: number, [low, high]: readonly [number, number]): number {
  return low + (byte / 255) * (high - low);
}

/** A value as a share of its range, 0–1. */
export function shareOf(value: number, [low, high]: readonly [number, number]): number {
  return high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0.5;
}

/** A range widened by a twelfth on both sides, for points that lie on its ends. */
export function widened([low, high]: readonly [number, number]): [number, number] {
  const pad = (high - low || 1) / 12;
  return [low - pad, high + pad];
}
