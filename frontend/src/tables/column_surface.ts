/** A surface over two columns of a table, as the page draws it: pure. */

import { formatShort } from '../pictures/numbers';
import type { Plane } from '../pictures/surface';
import type { ColumnSurface, SurfaceAxis } from '../types';

/** Outputs as a picture of bytes over the range that their colours span. */
export function planeOf(
  { values }: Pick<ColumnSurface, 'values'>,
  range: readonly [number, number],
): Plane {
  const [count = 1, size = 0] = values.shape;
  const [low, high] = range;
  const byte = (value: number) =>
    255 * Math.min(1, Math.max(0, ((value || 0) - low) / (high - low || 1)));
  const maps = Array.from({ length: count }, (_, k) =>
    values.data.subarray(k * size * size, (k + 1) * size * size).map(byte),
  );
  return { type: 'plane', maps, size, range };
}

/** What an axis is called, with its unit. */
export const axisText = ({ name, unit }: SurfaceAxis): string =>
  `${name}${unit ? `, ${unit}` : ''}`;

/** Categories as the marks of an axis; null: it is one of numbers. */
export const marksOf = ({ categories }: SurfaceAxis): { at: number; text: string }[] | null =>
  categories.length ? categories.map((text, at) => ({ at, text })) : null;

/** A place on an axis as it would stand in a cell. */
export function cellAt({ categories, unit }: SurfaceAxis, value: number): string {
  const code = Math.min(categories.length - 1, Math.max(0, Math.round(value)));
  return categories[code] ?? `${formatShort(value)}${unit ? ` ${unit}` : ''}`;
}

/** Share of the room of a category that its rows are spread over, so that they can be told apart. */
const SPREAD = 0.6;

/** How far along an axis, 0 to 1, a row stands; the rows of a category beside each other. */
export function shareAlong(
  { low, high, categories }: SurfaceAxis,
  value: number,
  row: number,
): number {
  const golden = (row * 0.618_034) % 1;
  const shift = categories.length ? SPREAD * (golden - 0.5) : 0;
  return (value + shift - low) / (high - low || 1);
}
