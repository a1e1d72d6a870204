/** What is laid over the discriminator's surface: made points, their pushes, the warped noise. */

import type { Generated, Tensor } from '../types';

/** From the domain to pixels of the canvas. */
export type Place = (x: number, y: number) => readonly [number, number];

const DOT = 3.6;
/** Pixels of a push of length 1, and of the longest: beyond it only the direction counts. */
const REACH = 24;
const LONGEST = 18;
const LEAST = 1.5;

interface Ink {
  fill: string;
  edge: string;
}

/** Diamonds, so that they are told from real points without their colour. */
export function drawMade(
  context: CanvasRenderingContext2D,
  values: Tensor,
  place: Place,
  ink: Ink,
): void {
  context.fillStyle = ink.fill;
  context.strokeStyle = ink.edge;
  context.lineWidth = 0.8;
  for (let i = 0; i < (values.shape[0] ?? 0); i++) {
    const [x, y] = place(Number(values.data[2 * i]), Number(values.data[2 * i + 1]));
    context.beginPath();
    context.moveTo(x, y - DOT);
    context.lineTo(x + DOT, y);
    context.lineTo(x, y + DOT);
    context.lineTo(x - DOT, y);
    context.closePath();
    context.fill();
    context.stroke();
  }
}

/** How long a push is drawn: in proportion while it is short, then ever less. */
export const pushLength = (size: number): number => LONGEST * Math.tanh((REACH * size) / LONGEST);

/** From every made point an arrow to where it would have to go to be taken for real. */
export function drawPushes(
  context: CanvasRenderingContext2D,
  { values, pushes }: Pick<Generated, 'values' | 'pushes'>,
  place: Place,
  ink: Ink,
): void {
  if (!pushes) return;
  const path = new Path2D();
  for (let i = 0; i < (pushes.shape[0] ?? 0); i++) {
    const [dx = 0, dy = 0] = [pushes.data[2 * i], pushes.data[2 * i + 1]];
    const size = Math.hypot(dx, dy);
    const length = pushLength(size);
    if (!(length >= LEAST)) continue;
    const [x, y] = place(Number(values.data[2 * i]), Number(values.data[2 * i + 1]));
    const [u, v] = [dx / size, -dy / size]; // the canvas counts downwards
    const [tipX, tipY] = [x + u * length, y + v * length];
    const head = Math.min(4, length / 2);
    path.moveTo(x, y);
    path.lineTo(tipX, tipY);
    path.moveTo(tipX - head * (u + 0.6 * v), tipY - head * (v - 0.6 * u));
    path.lineTo(tipX, tipY);
    path.lineTo(tipX - head * (u - 0.6 * v), tipY - head * (v + 0.6 * u));
  }
  context.lineJoin = 'round';
  context.strokeStyle = ink.edge;
  context.lineWidth = 2.2;
  context.stroke(path);
  context.strokeStyle = ink.fill;
  context.lineWidth = 1.1;
  context.stroke(path);
}

/** A cell of the warped grid: its corners, and how densely points are made in it. */
export interface GridCell {
  corners: readonly (readonly [number, number])[];
  /** 0–1. */
  density: number;
}

/** The area of a cell whose density is a half, in units of the domain. */
const MIDDLE = 0.12;

/**
 * The cells of a warped grid (rows, columns, 2). All are drawn from alike, so what lies in a small
 * one lies densely.
 */
export function gridCells({ shape, data }: Tensor): GridCell[] {
  const [rows = 0, columns = 0] = shape;
  const corner = (row: number, column: number) => {
    const at = 2 * (row * columns + column);
    return [Number(data[at]), Number(data[at + 1])] as const;
  };
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

export function drawManifold(
  context: CanvasRenderingContext2D,
  values: Tensor,
  place: Place,
  ink: Ink,
): void {
  context.fillStyle = ink.fill;
  context.strokeStyle = ink.edge;
  context.lineWidth = 0.7;
  if (values.shape[0] === 1) {
    context.lineWidth = 2;
    context.beginPath();
    for (let i = 0; i < (values.shape[1] ?? 0); i++)
      context.lineTo(...place(Number(values.data[2 * i]), Number(values.data[2 * i + 1])));
    context.stroke();
    return;
  }
  for (const { corners, density } of gridCells(values)) {
    context.beginPath();
    for (const [x, y] of corners) context.lineTo(...place(x, y));
    context.closePath();
    context.globalAlpha = 0.75 * density;
    context.fill();
    context.globalAlpha = 0.7;
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** A ring around every cloud of the real points: an arc as long as it is covered, then filled. */
export function drawClouds(
  context: CanvasRenderingContext2D,
  clouds: NonNullable<Generated['clouds']>,
  place: Place,
  ink: Ink,
): void {
  const { centres, radius, counts, due } = clouds;
  for (let i = 0; i < counts.data.length; i++) {
    const [cx, cy] = [Number(centres.data[2 * i]), Number(centres.data[2 * i + 1])];
    const [x, y] = place(cx, cy);
    const r = Math.max(9, (place(cx + radius, cy)[0] ?? 0) - x) + 3;
    const share = Math.min(1, Number(counts.data[i]) / due);
    context.strokeStyle = ink.edge;
    context.lineWidth = 1;
    context.setLineDash(share < 1 ? [3, 3] : []);
    context.beginPath();
    context.arc(x, y, r, 0, 2 * Math.PI);
    if (share >= 1) {
      context.globalAlpha = 0.16;
      context.fillStyle = ink.fill;
      context.fill();
      context.globalAlpha = 1;
    }
    context.stroke();
    context.setLineDash([]);
    if (share <= 0) continue;
    context.strokeStyle = ink.fill;
    context.lineWidth = 2.4;
    context.beginPath();
    context.arc(x, y, r, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * share);
    context.stroke();
  }
}
