/** Where a layer puts examples: the box around them, the nearest of them, the middle of a class. */

import type { Session } from '../types';

export type Box = readonly [left: number, right: number, low: number, high: number];

/** Numbers of a layer's output that the server looks at. */
const MOST = 4096;
const MARGIN = 0.06;
/** A box is kept while the places fill at least so much of both its sides. */
const FILLED = 0.6;

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Hidden layers whose plane can be seen. */
export function layersOf({ graph }: Pick<Session, 'graph'>): number[] {
  return [...graph.layers.keys()]
    .slice(0, -1)
    .filter((i) => sizeOf(graph.layers[i]?.shape ?? []) <= MOST);
}

/** The hidden layer that keeps the least of an example; of several the last. null: there is none. */
export function narrowest(session: Pick<Session, 'graph'>): number | null {
  const size = (i: number) => sizeOf(session.graph.layers[i]?.shape ?? []);
  return layersOf(session).reduce<number | null>(
    (best, i) => (best === null || size(i) <= size(best) ? i : best),
    null,
  );
}

/**
 * A box around places (n, 2) with a margin. The one before is kept while all of them lie in it and
 * fill enough of it, so that axes do not move with every frame.
 */
export function boxAround(places: ArrayLike<number>, before: Box | null): Box {
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i + 1 < places.length; i += 2) {
    const [x = 0, y = 0] = [places[i], places[i + 1]];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [low, high] = [Math.min(low, y), Math.max(high, y)];
  }
  if (!(left <= right)) return before ?? [-1, 1, -1, 1];
  if (before && fills([left, right, low, high], before)) return before;
  const [dx, dy] = [right - left || 1, high - low || 1].map((side) => side * MARGIN) as [
    number,
    number,
  ];
  return [left - dx, right + dx, low - dy, high + dy];
}

function fills(tight: Box, box: Box): boolean {
  const inside =
    tight[0] >= box[0] && tight[1] <= box[1] && tight[2] >= box[2] && tight[3] <= box[3];
  return (
    inside &&
    tight[1] - tight[0] >= FILLED * (box[1] - box[0]) &&
    tight[3] - tight[2] >= FILLED * (box[3] - box[2])
  );
}

/** Which of the places (n, 2) is nearest to one, within `reach` of the box's sides; -1: none. */
export function nearestPlace(
  places: ArrayLike<number>,
  [x, y]: readonly [number, number],
  box: Box,
  reach: number,
): number {
  let [found, least] = [-1, reach * reach];
  for (let i = 0; 2 * i + 1 < places.length; i++) {
    const dx = ((places[2 * i] ?? 0) - x) / (box[1] - box[0]);
    const dy = ((places[2 * i + 1] ?? 0) - y) / (box[3] - box[2]);
    const far = dx * dx + dy * dy;
    if (far < least) [found, least] = [i, far];
  }
  return found;
}

/** The middle (medians) of the places of every class that has some. */
export function middles(
  places: ArrayLike<number>,
  labels: ArrayLike<number>,
): { label: number; x: number; y: number }[] {
  const byClass = new Map<number, number[]>();
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] ?? 0;
    const own = byClass.get(label);
    if (own) own.push(i);
    else byClass.set(label, [i]);
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
  return [...byClass]
    .filter(([label]) => label >= 0)
    .sort(([a], [b]) => a - b)
    .map(([label, own]) => ({
      label,
      x: median(own.map((i) => places[2 * i] ?? 0)),
      y: median(own.map((i) => places[2 * i + 1] ?? 0)),
    }));
}
