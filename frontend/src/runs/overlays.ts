/** Curves of other runs over those of this one, on one axis. */

import type { Column } from '../pictures/curves';

export interface Overlay {
  x: Column;
  y: Column;
}

export interface Overlaid {
  columns: Column[];
  /** The row that this run begins at: before it there are others' alone. */
  first: number;
}

/**
 * The columns of a chart, x first, with a column for every overlay behind them. Rows are those
 * of this run and, before and beyond it, those of the others; in between those are interpolated.
 */
export function overlaid(data: readonly Column[], overlays: readonly Overlay[]): Overlaid {
  const [x = [], ...columns] = data;
  const [begin, end] = [x[0] ?? Number.POSITIVE_INFINITY, x.at(-1) ?? Number.POSITIVE_INFINITY];
  const others = [...new Set(overlays.flatMap((one) => one.x))].filter((at) => at !== null);
  others.sort((a, b) => a - b);
  const before = others.filter((at) => at < begin);
  const beyond = others.filter((at) => at > end);
  const grid = [...before, ...x, ...beyond];
  const gaps = (rows: readonly unknown[]) => rows.map(() => null);
  return {
    columns: [
      grid,
      ...columns.map((column) => [...gaps(before), ...column, ...gaps(beyond)]),
      ...overlays.map((one) => interpolated(one, grid)),
    ],
    first: before.length,
  };
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
