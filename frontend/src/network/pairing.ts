/** Which part of a frame belongs to which column, while the page is ahead of the server. */

import type { Views } from '../types';
import type { LayerWeights, Weights } from './links';

/** For each column of the screen its layer in the frame, or -1. */
export function positions(screen: readonly number[], frame: readonly number[]): number[] {
  return screen.map((key) => frame.indexOf(key));
}

/**
 * The weights into each column, the output last. They are known where the column is fed by
 * the same layer on the screen as in the frame.
 */
export function pairWeights(
  screen: readonly number[],
  frame: readonly number[],
  view: Views['weights'],
): Weights {
  const places = [...positions(screen, frame), frame.length];
  return places.map((place, i) => {
    const before = i === 0 ? -1 : (places[i - 1] ?? -1);
    const fed = i === 0 ? place === 0 : before >= 0 && before === place - 1;
    return (place >= 0 && fed && layerAt(view, place)) || null;
  });
}

/** The weights of a layer that has one for every pair of units, such as a dense one. */
export function layerAt(view: Views['weights'], index: number): LayerWeights | null {
  const { w, b } = view?.layers[index] ?? {};
  return w && b && w.shape.length === 2 ? { w, b } : null;
}
