/**
 * What is laid over the discriminator's surface, as shapes: made points, their pushes, the warped
 * noise, the clouds. The page paints them, and a saved picture writes them down.
 */

import type { Generated, Tensor } from '../types';

/** From the domain to pixels. */
export type Place = (x: number, y: number) => readonly [number, number];

export interface Shape {
  d: string; // of an SVG path
  fill?: string;
  stroke?: string;
  width?: number;
  alpha?: number;
  dash?: readonly number[];
}

/** The colour of what is shown, and of what stands around or behind it. */
export interface Ink {
  fill: string;
  edge: string;
}

const DOT = 3.6;
/** Pixels of a push of length 1, and of the longest: beyond it only the direction counts. */
const REACH = 24;
const LONGEST = 18;
const LEAST = 1.5;

const number = (value: number) => (Number.isFinite(value) ? value.toFixed(1) : '-99');
const line = (points: readonly (readonly [number, number])[]) =>
  `M${points.map(([x, y]) => `${number(x)} ${number(y)}`).join('L')}`;

const pointOf = ({ data }: Tensor, i: number) =>
  [Number(data[2 * i]), Number(data[2 * i + 1])] as const;

/** Diamonds, so that they are told from real points without their colour. */
export function madeShapes(values: Tensor, place: Place, ink: Ink): Shape[] {
  const diamonds = Array.from({ length: values.shape[0] ?? 0 }, (_, i) => {
    const [x, y] = place(...pointOf(values, i));
    return `M${number(x)} ${number(y - DOT)}l${DOT} ${DOT}l-${DOT} ${DOT}l-${DOT} -${DOT}Z`;
  });
  return [{ d: diamonds.join(''), fill: ink.fill, stroke: ink.edge, width: 0.8 }];
}

/** How long a push is drawn: in proportion while it is short, then ever less. */
export const pushLength = (size: number): number => LONGEST * Math.tanh((REACH * size) / LONGEST);

/** From every made point an arrow to where it would have to go to be taken for real. */
export function pushShapes(
  { values, pushes }: Pick<Generated, 'values' | 'pushes'>,
  place: Place,
  ink: Ink,
): Shape[] {
  if (!pushes) return [];
  const arrows = Array.from({ length: pushes.shape[0] ?? 0 }, (_, i) =>
    arrow(place(...pointOf(values, i)), pointOf(pushes, i)),
  );
  const d = arrows.join('');
  return [
    { d, stroke: ink.edge, width: 2.2 },
    { d, stroke: ink.fill, width: 1.1 },
  ];
}

function arrow([x, y]: readonly [number, number], [dx, dy]: readonly [number, number]): string {
  const size = Math.hypot(dx, dy);
  const length = pushLength(size);
  if (!(length >= LEAST)) return '';
  const [u, v] = [dx / size, -dy / size]; // pixels count downwards
  const tip = [x + u * length, y + v * length] as const;
  const head = Math.min(4, length / 2);
  const side = (turn: number) =>
    [tip[0] - head * (u + 0.6 * turn * v), tip[1] - head * (v - 0.6 * turn * u)] as const;
  return line([[x, y], tip]) + line([side(1), tip, side(-1)]);
}

/** A cell of the warped grid: its corners, and how densely points are made in it. */
export interface GridCell {
  corners: readonly (readonly [number, number])[];
  /** 0–1. */
  density: number;
}

/** The area of a cell whose density is a half, in units of the domain. */
const MIDDLE = 0.12;
/** As many densities are told apart. */
const SHADES = 8;

/**
 * The cells of a warped grid (rows, columns, 2). All are drawn from alike, so what lies in a small
 * one lies densely.
 */
export function gridCells({ shape, data }: Tensor): GridCell[] {
  const [rows = 0, columns = 0] = shape;
  const corner = (row: number, column: number) => pointOf({ shape, data }, row * columns + column);
  const cells: GridCell[] = [];
  for (let row = 0; row + 1 < rows; row++)
    for (let column = 0; column + 1 < columns; column++) {
      const corners = [
        corner(row, column),
        corner(row, column + 1),
        corner(row + 1, column + 1),
        corner(row + 1, column),
      ];
      cells.push({ corners, density: MIDDLE / (MIDDLE + areaOf(corners)) });
    }
  return cells;
}

function areaOf(corners: GridCell['corners']): number {
  let twice = 0;
  corners.forEach(([x, y], i) => {
    const [nextX, nextY] = corners[(i + 1) % corners.length] ?? [0, 0];
    twice += x * nextY - nextX * y;
  });
  return Math.abs(twice) / 2;
}

/** The grid, its cells filled the more the smaller they are; of a noise of one number a line. */
export function gridShapes(values: Tensor, place: Place, ink: Ink): Shape[] {
  if (values.shape[0] === 1) {
    const count = values.shape[1] ?? 0;
    const points = Array.from({ length: count }, (_, i) => place(...pointOf(values, i)));
    return [{ d: line(points), stroke: ink.edge, width: 2 }];
  }
  const shades = Array.from({ length: SHADES }, () => '');
  let all = '';
  for (const { corners, density } of gridCells(values)) {
    const cell = `${line(corners.map(([x, y]) => place(x, y)))}Z`;
    const shade = Math.min(SHADES - 1, Math.floor(density * SHADES));
    shades[shade] += cell;
    all += cell;
  }
  const filled = shades.map((d, i) => ({ d, fill: ink.fill, alpha: (0.6 * (i + 0.5)) / SHADES }));
  return [...filled.filter(({ d }) => d), { d: all, stroke: ink.edge, width: 0.7, alpha: 0.7 }];
}

/** A ring around every cloud of the real points: an arc as long as it is covered, then filled. */
export function cloudShapes(
  { centres, radius, counts, due }: NonNullable<Generated['clouds']>,
  place: Place,
  ink: Ink,
): Shape[] {
  return Array.from(counts.data, (count, i) => {
    const [cx, cy] = pointOf(centres, i);
    const [x, y] = place(cx, cy);
    const r = Math.max(9, place(cx + radius, cy)[0] - x) + 3;
    const share = Math.min(1, count / due);
    const ring = circle(x, y, r);
    if (share >= 1)
      return [
        { d: ring, fill: ink.fill, alpha: 0.16 },
        { d: ring, stroke: ink.fill, width: 2.4 },
      ];
    const dashed = { d: ring, stroke: ink.edge, width: 1, dash: [3, 3] };
    return share > 0
      ? [dashed, { d: arc(x, y, r, share), stroke: ink.fill, width: 2.4 }]
      : [dashed];
  }).flat();
}

function circle(x: number, y: number, r: number): string {
  const half = `a${number(r)} ${number(r)} 0 1 1 `;
  return `M${number(x)} ${number(y - r)}${half}0 ${number(2 * r)}${half}0 ${number(-2 * r)}Z`;
}

/** From the top, clockwise, so much of a circle. */
function arc(x: number, y: number, r: number, share: number): string {
  const turn = 2 * Math.PI * share;
  const end = `${number(x + r * Math.sin(turn))} ${number(y - r * Math.cos(turn))}`;
  return `M${number(x)} ${number(y - r)}A${number(r)} ${number(r)} 0 ${share > 0.5 ? 1 : 0} 1 ${end}`;
}

export function paint(context: CanvasRenderingContext2D, shapes: readonly Shape[]): void {
  context.lineJoin = 'round';
  for (const { d, fill, stroke, width, alpha, dash } of shapes) {
    const path = new Path2D(d);
    context.globalAlpha = alpha ?? 1;
    if (fill) {
      context.fillStyle = fill;
      context.fill(path);
    }
    if (!stroke) continue;
    context.strokeStyle = stroke;
    context.lineWidth = width ?? 1;
    context.setLineDash([...(dash ?? [])]);
    context.stroke(path);
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}
