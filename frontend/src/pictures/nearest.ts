import type { Points } from '../types';

/** 0 train, 1 validation, 2 test. */
export type Part = 0 | 1 | 2;
export const PARTS = ['train', 'validation', 'test'] as const;
export const PART_TITLES = ['Train', 'Validation', 'Test'] as const;

/**
 * The point nearest to a place, among the shown parts and not farther than `reach`;
 * -1 if there is none. In one dimension the second coordinate is the point's value.
 */
export function nearestPoint(
  points: Points,
  place: readonly [number, number],
  reach: number,
  shown: (part: Part) => boolean,
  heightOf?: (index: number) => number,
): number {
  const [count = 0, dimensions = 2] = points.inputs.shape;
  let best = -1;
  let least = reach * reach;
  for (let i = 0; i < count; i++) {
    if (!shown(points.split.data[i] as Part)) continue;
    const dx = (points.inputs.data[i * dimensions] as number) - place[0];
    const y = heightOf ? heightOf(i) : (points.inputs.data[i * dimensions + 1] as number);
    const dy = y - place[1];
    const distance = dx * dx + dy * dy;
    if (distance > least) continue;
    least = distance;
    best = i;
  }
  return best;
}
