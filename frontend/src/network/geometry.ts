/** Where everything in the network stands: pure numbers, in CSS pixels of the stage. */

import { clamp } from './layers';

/** What one column has to show. `first`: index of the topmost unit shown, where not all fit. */
export interface ColumnSize {
  units: number;
  first?: number;
}

export interface LayoutInput {
  width: number; // of the visible part
  height: number;
  features: number;
  layers: ColumnSize[];
  output: ColumnSize;
}

export interface Column {
  x: number; // centre of its tiles
  units: number;
  first: number;
  ys: number[]; // centres of the tiles shown, from the top
  rest: number; // units not shown
  stripY: number; // top of the strip of all units, where some are not shown
}

export interface Layout {
  width: number; // of the whole stage; wider than the room when it scrolls
  height: number;
  tile: number;
  compact: boolean;
  columns: Column[]; // features, hidden layers, output
}

/** Below this width the room is drawn for a hand-held screen. */
export const COMPACT = 480;
/** Height of the strip that stands for the units which do not fit. */
export const STRIP = 84;
/** From the top of the stage to the top of the first tile: rail and headers. */
export const TOP = 112;
const BOTTOM = 14;
const ROWS = 9;
const GAP = { least: 10, most: 20 };

interface Sizes {
  tile: number;
  left: number; // to the centre of the feature tiles
  right: number; // from the centre of the output tiles to the edge
  pitch: number; // least distance of two columns
}
const ROOMY: Sizes = { tile: 38, left: 80, right: 56, pitch: 112 };
const HAND: Sizes = { tile: 34, left: 60, right: 46, pitch: 104 };

export function layout(input: LayoutInput): Layout {
  const compact = input.width < COMPACT;
  const { tile, left, right, pitch } = compact ? HAND : ROOMY;
  const steps = input.layers.length + 1;
  const step = Math.max(pitch, (input.width - left - right) / steps);
  const width = Math.max(input.width, left + steps * step + right);
  const space = input.height - TOP - BOTTOM;
  const row = rowHeight(space, tile);
  const columns = [
    featureColumn(input.features, left, space, tile, row),
    ...input.layers.map((size, i) => unitColumn(size, left + (i + 1) * step, space, tile, row)),
    unitColumn(input.output, width - right, space, tile, row),
  ];
  return { width, height: input.height, tile, compact, columns };
}

/** Distance of two tiles. Depends on the room alone, so that adding a unit moves no other. */
export function rowHeight(space: number, tile: number): number {
  return clamp(Math.floor((space + GAP.most) / ROWS), tile + GAP.least, tile + GAP.most);
}

/** How many tiles fit in `space`. */
export function capacity(space: number, tile: number, row: number): number {
  return Math.max(1, Math.floor((space - tile) / row) + 1);
}

/** Features are never cut off: they stand closer instead. */
function featureColumn(
  units: number,
  x: number,
  space: number,
  tile: number,
  row: number,
): Column {
  const fitting = units > 1 ? Math.min(row, (space - tile) / (units - 1)) : row;
  return { x, units, first: 0, ys: rows(units, tile, fitting), rest: 0, stripY: 0 };
}

function unitColumn(size: ColumnSize, x: number, space: number, tile: number, row: number): Column {
  const { units } = size;
  const whole = capacity(space, tile, row);
  const shown = units <= whole ? units : Math.min(units, capacity(space - STRIP, tile, row));
  const first = clamp(size.first ?? 0, 0, units - shown);
  const ys = rows(shown, tile, row);
  const stripY = (ys.at(-1) ?? TOP) + tile / 2 + (row - tile);
  return { x, units, first, ys, rest: units - shown, stripY };
}

function rows(count: number, tile: number, row: number): number[] {
  return Array.from({ length: count }, (_, i) => TOP + tile / 2 + i * row);
}

/** The index, among `count` columns at `xs`, that something dragged to `x` would take. */
export function dropIndex(xs: readonly number[], x: number): number {
  let nearest = 0;
  xs.forEach((at, i) => {
    if (Math.abs(at - x) < Math.abs((xs[nearest] ?? Infinity) - x)) nearest = i;
  });
  return nearest;
}

/** The window of `shown` units that contains `unit`, moved no further than needed. */
export function windowWith(unit: number, first: number, shown: number): number {
  if (unit < first) return unit;
  return unit >= first + shown ? unit - shown + 1 : first;
}

export interface Grid {
  columns: number;
  rows: number;
  cell: number;
}

/** The largest square cells of which `count` fit into width × height. */
export function grid(count: number, width: number, height: number, most: number): Grid {
  for (let cell = most; cell > 1; cell--) {
    const columns = Math.floor(width / cell);
    const rows = Math.ceil(count / columns);
    if (columns > 0 && rows * cell <= height) return { columns: Math.min(columns, count), rows, cell };
  }
  return { columns: width, rows: Math.ceil(count / width), cell: 1 };
}
