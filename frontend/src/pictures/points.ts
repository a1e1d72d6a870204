/** Drawing points on a canvas: a class or value by colour, a part by shape and outline. */

import type { Points, Session } from '../types';
import { classColor, valueColor } from './colors';
import type { Part } from './nearest';
import { shareOf } from './surface';

export interface Ink {
  dark: boolean;
  /** Around training points. */
  light: string;
  /** Around validation and test points. */
  strong: string;
}

export const RADIUS = 3.4;

/** The colour of a point's class or value. */
export function pointColor(session: Session, label: number, dark: boolean): string {
  if (session.problem === 'generation') return classColor(1, dark); // all are real
  if (session.problem === 'classification') return classColor(label, dark);
  return valueColor(2 * shareOf(label, session.range) - 1, dark);
}

/** A circle for training, a triangle for validation, a square for test points. */
export function markerPath(context: CanvasPath, part: Part, x: number, y: number, r: number): void {
  if (part === 0) {
    context.moveTo(x + r, y);
    context.arc(x, y, r, 0, 2 * Math.PI);
  } else if (part === 1) {
    context.moveTo(x, y - 1.3 * r);
    context.lineTo(x + 1.2 * r, y + 0.9 * r);
    context.lineTo(x - 1.2 * r, y + 0.9 * r);
    context.closePath();
  } else {
    context.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r);
  }
}

export interface Shown {
  points: Points;
  session: Session;
  /** Which parts are drawn, later ones on top. */
  parts: readonly Part[];
  /** The point's place in CSS pixels. */
  place: (index: number) => readonly [number, number];
}

export function drawPoints(
  context: CanvasRenderingContext2D,
  { points, session, parts, place }: Shown,
  ink: Ink,
): void {
  const count = points.inputs.shape[0] ?? 0;
  const radius = count > 1500 ? RADIUS * 0.75 : RADIUS;
  for (const part of parts) {
    context.strokeStyle = part === 0 ? ink.light : ink.strong;
    context.lineWidth = part === 0 ? 0.8 : 1.1;
    for (let i = 0; i < count; i++) {
      if (points.split.data[i] !== part) continue;
      const [x, y] = place(i);
      context.fillStyle = pointColor(session, points.labels.data[i] as number, ink.dark);
      context.beginPath();
      markerPath(context, part, x, y, radius);
      context.fill();
      context.stroke();
    }
  }
}
