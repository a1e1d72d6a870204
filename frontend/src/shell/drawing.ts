import type { Json, Points } from '../types';

/** What is on the plane, as points drawn by hand: `[x, y, class]` each. */
export function asDrawn(points: Points, limit: number): Json[] {
  const { inputs, labels } = points;
  const count = Math.min(labels.data.length, limit);
  const round = (value: number | undefined) => Number((value ?? 0).toFixed(3));
  return Array.from({ length: count }, (_, i) => [
    clamp(round(inputs.data[2 * i])),
    clamp(round(inputs.data[2 * i + 1])),
    labels.data[i] ?? 0,
  ]);
}

const clamp = (value: number) => Math.min(Math.max(value, -6), 6);
