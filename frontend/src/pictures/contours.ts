/** Contour lines of a grid over the domain, as polylines in the domain's own units. */

import { contours } from 'd3-contour';
import { winner } from './field';

export type Line = [number, number][];

export interface Level {
  value: number;
  lines: Line[];
}

/**
 * values: size² samples, row 0 at the top, the outermost on the domain's edges.
 * Where d3 closes a region along the edge of the grid the line is cut open again.
 */
export function contourLines(
  values: ArrayLike<number>,
  size: number,
  levels: readonly number[],
  domain: readonly [number, number],
): Level[] {
  const grid = Array.from(values);
  const trace = contours().size([size, size]);
  return levels.map((value) => ({
    value,
    lines: trace
      .contour(grid, value)
      .coordinates.flat()
      .flatMap((ring) => openings(ring, size))
      .map((line) => line.map(([x, y]) => place(x, y, size, domain))),
  }));
}

/** d3 has sample (i, j) at (i + ½, j + ½). */
function place(x: number, y: number, size: number, [low, high]: readonly [number, number]) {
  const unit = (high - low) / (size - 1);
  return [low + (x - 0.5) * unit, high - (y - 0.5) * unit] as [number, number];
}

/** A closed ring as the pieces of it that do not run along the grid's edge. */
function openings(ring: number[][], size: number): Line[] {
  const pieces: Line[] = [];
  let piece: Line = [];
  for (const [x = 0, y = 0] of ring) {
    const onEdge = x === 0 || y === 0 || x === size || y === size;
    if (!onEdge) piece.push([x, y]);
    else if (piece.length) {
      pieces.push(piece);
      piece = [];
    }
  }
  if (piece.length) pieces.push(piece);
  return rejoined(pieces, ring).filter((line) => line.length > 1);
}

/** A ring begins anywhere: where it begins inside, its last and its first piece are one. */
function rejoined(pieces: Line[], ring: number[][]): Line[] {
  const [first, last] = [pieces[0], pieces.at(-1)];
  if (!first || !last || first === last) return pieces;
  const start = ring[0] as number[];
  if (start[0] !== first[0]?.[0] || start[1] !== first[0]?.[1]) return pieces;
  return [[...last, ...first.slice(1)], ...pieces.slice(1, -1)];
}

/** For every class how far it is ahead of the best other; its zero line bounds its region. */
export function margins(maps: readonly ArrayLike<number>[]): Float32Array[] {
  return maps.map((own, k) => {
    const others = maps.filter((_, other) => other !== k);
    return Float32Array.from(own, (value, i) => {
      const rival = others[winner(others, i)];
      return value - ((rival?.[i] as number | undefined) ?? 0);
    });
  });
}
