/** The links between the units shown: which there are, how they run, what lies under a point. */

import type { Floats } from '../types';
import type { Column, Layout } from './geometry';

/** One weight on the screen. `layer` counts hidden layers, then the output, as `edit` does. */
export interface Link {
  layer: number;
  row: number; // input: index into w's rows
  unit: number; // output: index into w's columns
  y0: number;
  y1: number;
}

export interface Bias {
  layer: number;
  unit: number;
  y: number; // centre of its tile
}

/** A unit's weights and bias, or one of them, as found under the pointer. */
export type Hit = { type: 'link'; link: Link } | { type: 'bias'; bias: Bias };

export interface LayerWeights {
  w: Floats;
  b: Floats;
}
/** By layer of the screen; null: not known (too many to send, or not trained yet). */
export type Weights = (LayerWeights | null)[];

/** More curves than this between two columns cannot be told apart. */
export const MOST_LINKS = 128;
/** Links end spread over this much of a tile, so that they can be pointed at. */
const SPREAD = 0.6;
export const BIAS_SIZE = 7;

/**
 * Every link between shown units, column pair by column pair.
 * rows: for each feature shown its row in the first layer's weights, or -1 when it is off.
 */
export function linksOf(place: Layout, rows: readonly number[]): Link[][] {
  return place.columns.slice(1).map((to, layer) => {
    const from = place.columns[layer] as Column;
    const sources = layer === 0 ? featureSources(from, rows) : unitSources(from);
    return to.ys.flatMap((y1, j) =>
      sources.map((source, k) => ({
        layer,
        row: source.row,
        unit: to.first + j,
        y0: source.y,
        y1: y1 + endOffset(k, sources.length, to.tile),
      })),
    );
  });
}

export function biasesOf(place: Layout): Bias[] {
  return place.columns
    .slice(1)
    .flatMap((column, layer) => column.ys.map((y, j) => ({ layer, unit: column.first + j, y })));
}

interface Source {
  row: number;
  y: number;
}

function featureSources(column: Column, rows: readonly number[]): Source[] {
  return column.ys.map((y, i) => ({ row: rows[i] ?? -1, y })).filter((source) => source.row >= 0);
}

function unitSources(column: Column): Source[] {
  return column.ys.map((y, i) => ({ row: column.first + i, y }));
}

function endOffset(index: number, count: number, tile: number): number {
  if (count < 2) return 0;
  const width = Math.min(tile * SPREAD, 4 * (count - 1));
  return (index / (count - 1) - 0.5) * width;
}

/** The strongest `most` of these links, in their order; all where there are no more. */
export function strongest(links: Link[], weights: LayerWeights | null, most = MOST_LINKS): Link[] {
  if (links.length <= most) return links;
  if (!weights) return links.slice(0, most);
  const ranked = links.toSorted(
    (a, b) => Math.abs(weightOf(b, weights) ?? 0) - Math.abs(weightOf(a, weights) ?? 0),
  );
  const kept = new Set(ranked.slice(0, most));
  return links.filter((link) => kept.has(link));
}

/** w of a link; null where it is not known. */
export function weightOf(link: Link, weights: LayerWeights | null | undefined): number | null {
  return weights ? entry(weights.w, link.row, link.unit) : null;
}

export function biasOf(bias: Bias, weights: LayerWeights | null | undefined): number | null {
  return weights?.b.data[bias.unit] ?? null;
}

export function entry(matrix: Floats, row: number, column: number): number | null {
  const [rows = 0, columns = 0] = matrix.shape;
  if (row >= rows || column >= columns) return null;
  return matrix.data[row * columns + column] ?? null;
}

/** Width of a link in px: TensorFlow Playground's scale, |w| of 0-5 to 0.6-9. */
export function linkWidth(w: number): number {
  return 0.6 + (Math.min(5, Math.abs(w)) / 5) * 8.4;
}

/** Ends of a column's links. */
export interface Span {
  x0: number;
  x1: number;
}

/** `xs`: centres of the columns, which while they glide are not those of the layout. */
export function spanOf(place: Layout, xs: readonly number[], layer: number): Span {
  const from = place.columns[layer];
  const to = place.columns[layer + 1];
  return {
    x0: (xs[layer] ?? 0) + (from?.tile ?? 0) / 2,
    x1: (xs[layer + 1] ?? 0) - (to?.tile ?? 0) / 2,
  };
}

/** Centre of a bias square: below the left corner of its tile, as in TensorFlow Playground. */
export function biasAt(place: Layout, xs: readonly number[], bias: Bias): { x: number; y: number } {
  const half = (place.columns[bias.layer + 1]?.tile ?? 0) / 2;
  const x = (xs[bias.layer + 1] ?? 0) - half - BIAS_SIZE / 2 - 1;
  return { x, y: bias.y + half + BIAS_SIZE / 2 - 2 };
}

/** How far (x, y) is from the curve of a link; Infinity beside its ends. */
export function distance(link: Link, span: Span, x: number, y: number): number {
  const { x0, x1 } = span;
  if (x < x0 || x > x1 || x1 <= x0) return Infinity;
  const t = solve((x - x0) / (x1 - x0));
  const rise = link.y1 - link.y0;
  const dy = link.y0 + rise * (3 - 2 * t) * t * t - y;
  const slopeX = (x1 - x0) * 1.5 * (1 - 2 * t + 2 * t * t);
  const slope = (rise * 6 * t * (1 - t)) / slopeX;
  return Math.abs(dy) / Math.hypot(1, slope);
}

/**
 * t at which a curve with both handles at its middle has come the share `u` of the way.
 * x(t) = 1.5 t - 1.5 t² + t³ rises steadily, so a few Newton steps find it.
 */
function solve(u: number): number {
  let t = u;
  for (let i = 0; i < 5; i++) {
    const x = t * (1.5 - 1.5 * t + t * t);
    t -= (x - u) / (1.5 - 3 * t + 3 * t * t);
  }
  return t;
}

/** What can be pointed at. */
export interface Targets {
  place: Layout;
  xs: readonly number[];
  links: Link[][];
  biases: Bias[];
}

/** What lies under a point, biases first: they are small. `reach`: px from its middle. */
export function hitTest(targets: Targets, x: number, y: number, reach: number): Hit | null {
  const bias = targets.biases.find((one) => {
    const centre = biasAt(targets.place, targets.xs, one);
    return Math.hypot(centre.x - x, centre.y - y) <= Math.max(reach, BIAS_SIZE * 0.75);
  });
  if (bias) return { type: 'bias', bias };
  const link = nearestLink(targets, x, y, reach);
  return link && { type: 'link', link };
}

function nearestLink({ place, xs, links }: Targets, x: number, y: number, reach: number) {
  let best: Link | null = null;
  let least = reach;
  for (const [layer, pair] of links.entries()) {
    const span = spanOf(place, xs, layer);
    if (x < span.x0 || x > span.x1) continue;
    for (const link of pair) {
      const far = distance(link, span, x, y);
      if (far > least) continue;
      least = far;
      best = link;
    }
  }
  return best;
}
