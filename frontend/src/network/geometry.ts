/** Where everything in the network stands: pure numbers, in CSS pixels of the stage. */

import { clamp } from './layers';

/** What one column has to show. `first`: index of the topmost unit shown, where not all fit. */
export interface ColumnSize {
  units: number;
  first?: number;
  /** Without weights: it is drawn smaller. */
  small?: boolean;
}

export interface LayoutInput {
  width: number; // of the visible part
  height: number;
  features: number;
  /** One example stands where features of points do. */
  example?: boolean;
  /** Numbers of noise stand there. */
  noise?: ColumnSize | undefined;
  /** Columns of a prepared row stand there, by their names. */
  row?: ColumnSize | undefined;
  layers: ColumnSize[];
  output: ColumnSize;
}

export interface Column {
  x: number; // centre of its tiles
  tile: number; // side of a tile
  head: number; // width of its controls
  units: number;
  first: number;
  ys: number[]; // centres of the tiles shown, from the top
  rest: number; // units not shown
  stripY: number; // top of the strip of all units, where some are not shown
}

export interface Layout {
  width: number; // of the whole stage; wider than the room when it scrolls
  height: number;
  compact: boolean;
  headWidth: number; // of a layer's controls
  columns: Column[]; // features, hidden layers, output
}

/** Below this width the room is drawn for a hand-held screen. */
export const COMPACT = 480;
/** Height of the strip that stands for the units which do not fit. */
export const STRIP = 88;
/** From the top of the stage to the top of the first tile: the rail and the controls. */
export const TOP = 116;
const BOTTOM = 14;
const ROWS = 9; // as many units stand in a column, where the room allows
const ROW = { least: 46, most: 62 };
const GAP = 14;
const FEATURE_GAP = 6;
const HEAD_GAP = 6;
const WIDEST_HEAD = 124;

interface Sizes {
  left: number; // to the centre of the feature tiles
  right: number; // from the centre of the output tiles to the edge
  inner: number; // least distance of two layers
  before: number; // least distance of the first layer from the features
  after: number; // least distance of the output from the last layer
}
const ROOMY: Sizes = { left: 78, right: 56, inner: 112, before: 86, after: 106 };
const HAND: Sizes = { left: 74, right: 40, inner: 98, before: 70, after: 84 };
/** Side of the example's tile, and by how much columns without weights stand closer. */
const EXAMPLE = { roomy: 76, hand: 64 };
const CLOSER = 30;
/** With an example there are more columns as a rule. */
const NARROW: Partial<Sizes> = { right: 50, inner: 112, after: 100 };
const SMALLER = 0.66;
/** Of a prepared row: height of a column's box, distance of two, width, and what is under them. */
export const CELL = { tile: 30, row: 35, width: 118, under: 104 };

export function layout(input: LayoutInput): Layout {
  const compact = input.width < COMPACT;
  const side = compact ? EXAMPLE.hand : EXAMPLE.roomy;
  const usual = compact ? HAND : ROOMY;
  const left = input.row ? CELL.width + 4 - CELL.tile / 2 : compact ? 50 : side / 2 + 8;
  const narrow = { ...(compact ? {} : NARROW), left, before: side / 2 + 56 };
  const sizes = input.example || input.noise || input.row ? { ...usual, ...narrow } : usual;
  const { gaps, pitch } = distances(input, input.width - sizes.left - sizes.right, sizes);
  const space = input.height - TOP - BOTTOM;
  const row = rowHeight(space);
  const tile = row - GAP;
  const headWidth = Math.min(WIDEST_HEAD, pitch - HEAD_GAP);
  let x = sizes.left;
  const hidden = input.layers.map((size, i) => {
    x += gaps[i] ?? 0;
    const plain = Math.round(SMALLER * tile);
    return size.small
      ? unitColumn(size, x, space, plain, plain + GAP / 2, headWidth - CLOSER)
      : unitColumn(size, x, space, tile, row, headWidth);
  });
  const end = hidden.length > 0 ? x + (gaps.at(-1) ?? 0) : 0;
  const right = Math.max(input.width - sizes.right, end);
  return {
    width: right + sizes.right,
    height: input.height,
    compact,
    headWidth,
    columns: [
      firstColumn(input, sizes.left, space, tile, row),
      ...hidden,
      unitColumn(input.output, right, space, tile, row, WIDEST_HEAD),
    ],
  };
}

function firstColumn(
  { example, noise, row: cells, features, width }: LayoutInput,
  x: number,
  space: number,
  tile: number,
  row: number,
): Column {
  if (noise) return unitColumn(noise, x, space, tile, row, WIDEST_HEAD);
  if (cells) return unitColumn(cells, x, space - CELL.under, CELL.tile, CELL.row, CELL.width);
  const side = width < COMPACT ? EXAMPLE.hand : EXAMPLE.roomy;
  return example ? exampleColumn(x, side) : featureColumn(features, x, space, tile, row);
}

/**
 * Distances of the columns, one by one, that fill `width` evenly, or, where that is too near, the
 * least that there may be. pitch: of two layers with weights.
 */
function distances(
  { layers, example }: LayoutInput,
  width: number,
  least: Sizes,
): { gaps: number[]; pitch: number } {
  const even = width / (layers.length + 1);
  if (even >= (example ? Math.max(least.inner, least.before) : least.inner))
    return { gaps: Array.from({ length: layers.length + 1 }, () => even), pitch: even };
  const closer = layers.map(({ small }) => (small ? CLOSER / 2 : 0));
  const inner = closer.slice(1).map((own, i) => least.inner - own - (closer[i] ?? 0));
  const taken = inner.reduce((sum, gap) => sum + gap, least.before + least.after);
  const extra = Math.max(0, (width - taken) / 2);
  return { gaps: [least.before + extra, ...inner, least.after + extra], pitch: least.inner };
}

/** Distance of two tiles. Depends on the room alone, so that adding a unit moves no other. */
export function rowHeight(space: number): number {
  return clamp(Math.floor((space + GAP) / ROWS), ROW.least, ROW.most);
}

/** How many tiles fit in `space`. */
export function capacity(space: number, tile: number, row: number): number {
  return Math.max(1, Math.floor((space - tile) / row) + 1);
}

/** Features are never cut off: they are smaller and closer instead. */
function featureColumn(units: number, x: number, space: number, most: number, row: number): Column {
  const fitting = Math.min(row, Math.floor((space + FEATURE_GAP) / Math.max(1, units)));
  const tile = Math.min(most, fitting - FEATURE_GAP);
  const ys = rows(units, tile, fitting);
  return { x, tile, head: 0, units, first: 0, ys, rest: 0, stripY: 0 };
}

function exampleColumn(x: number, side: number): Column {
  const y = TOP + side / 2;
  return { x, tile: side, head: 0, units: 1, first: 0, ys: [y], rest: 0, stripY: TOP + side + GAP };
}

function unitColumn(
  size: ColumnSize,
  x: number,
  space: number,
  tile: number,
  row: number,
  head: number,
): Column {
  const { units } = size;
  const whole = capacity(space, tile, row);
  const shown = units <= whole ? units : Math.min(units, capacity(space - STRIP, tile, row));
  const first = clamp(size.first ?? 0, 0, units - shown);
  const ys = rows(shown, tile, row);
  const stripY = (ys.at(-1) ?? TOP) + tile / 2 + (row - tile);
  return { x, tile, head, units, first, ys, rest: units - shown, stripY };
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
    if (columns > 0 && rows * cell <= height)
      return { columns: Math.min(columns, count), rows, cell };
  }
  return { columns: width, rows: Math.ceil(count / width), cell: 1 };
}

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/**
 * Where a panel of this size goes beside its anchor: below where it fits, else above,
 * else beside; always inside the window.
 */
export function beside(
  anchor: Box,
  size: { width: number; height: number },
  view: { width: number; height: number },
  gap = 8,
): { left: number; top: number } {
  const middle = anchor.left + anchor.width / 2 - size.width / 2;
  const left = clamp(middle, gap, Math.max(gap, view.width - size.width - gap));
  const below = anchor.top + anchor.height + gap;
  if (below + size.height + gap <= view.height) return { left, top: below };
  const above = anchor.top - size.height - gap;
  if (above >= gap) return { left, top: above };
  const top = clamp(below, gap, Math.max(gap, view.height - size.height - gap));
  const rightward = anchor.left + anchor.width + gap;
  const fits = rightward + size.width + gap <= view.width;
  return { left: fits ? rightward : clamp(anchor.left - size.width - gap, gap, left), top };
}
