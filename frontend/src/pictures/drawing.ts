/** Points drawn by hand: plain lists of [x, y, class], as the dataset `drawn` has them. */

import type { KindValue, Points } from '../types';

export type DrawnPoint = [x: number, y: number, label: number];

export const MAX_POINTS = 2000;
/** `drawClass` of the eraser. */
export const ERASER = -1;
/** Along a stroke, points lie at least this far apart (units of the domain). */
export const SPACING = 0.35;

const round = (v: number) => Math.round(v * 100) / 100 + 0;

/** On the grid of hundredths, inside the domain. */
export function snap(x: number, y: number, [low, high]: readonly [number, number]) {
  const inside = (v: number) => round(Math.min(high, Math.max(low, v)));
  return [inside(x), inside(y)] as [number, number];
}

/** The points of a drawn dataset; of any other none. */
export function drawnPoints(dataset: KindValue): DrawnPoint[] {
  if (dataset.kind !== 'drawn' || !Array.isArray(dataset.points)) return [];
  return dataset.points as DrawnPoint[];
}

/** With one more point; full or already there, the same list. */
export function add(points: DrawnPoint[], point: DrawnPoint): DrawnPoint[] {
  if (points.length >= MAX_POINTS) return points;
  const [x, y, label] = point;
  const there = points.some((p) => p[0] === x && p[1] === y && p[2] === label);
  return there ? points : [...points, point];
}

/** Without those within `reach` of a place; with none there, the same list. */
export function erase(points: DrawnPoint[], x: number, y: number, reach: number): DrawnPoint[] {
  const kept = points.filter((p) => Math.hypot(p[0] - x, p[1] - y) > reach);
  return kept.length === points.length ? points : kept;
}

/** Which part every already known point is in, by its place and class. */
export function partsByPlace(points: Points): Map<string, number> {
  const parts = new Map<string, number>();
  const count = points.inputs.shape[0] ?? 0;
  for (let i = 0; i < count; i++) {
    const x = points.inputs.data[2 * i] as number;
    const y = points.inputs.data[2 * i + 1] as number;
    parts.set(placeKey(x, y, points.labels.data[i] as number), points.split.data[i] as number);
  }
  return parts;
}

export function placeKey(x: number, y: number, label: number): string {
  return `${Math.round(x * 1000)},${Math.round(y * 1000)},${label}`;
}

/** Drawn points in the form in which the server tells of points; new ones are shown as train. */
export function asPoints(drawn: DrawnPoint[], known: Points | null): Points {
  const parts = known ? partsByPlace(known) : new Map<string, number>();
  const count = drawn.length;
  return {
    inputs: {
      shape: [count, 2],
      data: Float32Array.from(drawn.flatMap((point) => point.slice(0, 2))),
    },
    labels: { shape: [count], data: Float32Array.from(drawn, (p) => p[2]) },
    split: {
      shape: [count],
      data: Uint8Array.from(drawn, (p) => parts.get(placeKey(...p)) ?? 0),
    },
    features: known?.features ?? {},
  };
}
