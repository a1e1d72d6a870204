/** Curves of other runs over those of this one, on one axis. */

import type { Column } from '../pictures/curves';

export interface Overlay {
  x: Column;
  y: Column;
}

/**
 * The columns of a chart, x first, with a column for every overlay behind them. Rows are those
 * of this run and, beyond its end, those of the others; in between the others are interpolated.
 */
export function overlaid(data: readonly Column[], overlays: readonly Overlay[]): Column[] {
  if (overlays.length === 0) return [...data];
  const [x = [], ...columns] = data;
  const end = x.at(-1) ?? Number.NEGATIVE_INFINITY;
  const later = overlays.flatMap((one) => one.x.filter((at) => at !== null && at > end));
  const beyond = [...new Set(later)].sort((a, b) => (a as number) - (b as number));
  const grid = [...x, ...beyond];
  const gaps = beyond.map(() => null);
  return [
    grid,
    ...columns.map((column) => [...column, ...gaps]),
    ...overlays.map((one) => interpolated(one, grid)),
  ];
}

/** y at every place of the grid, which rises; null outside of the overlay's own places. */
function interpolated({ x, y }: Overlay, grid: Column): Column {
  let i = 0;
  return grid.map((at) => {
    if (at === null) return null;
    while (i < x.length - 1 && (x[i + 1] as number) <= at) i++;
    const [left, right] = [x[i], x[i + 1]];
    if (left === undefined || left === null || at < left) return null;
    if (at === left) return y[i] ?? null;
    return right === undefined || right === null ? null : between(at, left, right, y[i], y[i + 1]);
  });
}

type Value = number | null | undefined;

function between(at: number, left: number, right: number, from: Value, to: Value): number | null {
  if (typeof from !== 'number' || typeof to !== 'number') return null;
  return from + ((to - from) * (at - left)) / (right - left);
}
