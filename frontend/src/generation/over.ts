/** Which shapes lie under and over the real points of a duel, by what is switched on. */

import type { Frame } from '../types';
import { madeColor } from './duel';
import { cloudShapes, gridShapes, madeShapes, type Place, pushShapes, type Shape } from './shapes';
import { shown } from './shown.svelte';

export function underPoints(frame: Frame | null, place: Place, dark: boolean): Shape[] {
  const manifold = frame?.views.manifold;
  if (!shown.manifold || manifold?.values.shape.at(-1) !== 2) return [];
  return gridShapes(manifold.values, place, { fill: inkOf(dark), edge: inkOf(dark) });
}

export function overPoints(frame: Frame | null, place: Place, dark: boolean): Shape[] {
  const made = frame?.views.generated;
  if (made?.values.shape.length !== 2) return [];
  const [ink, paper] = [inkOf(dark), dark ? '#0b1015' : '#ffffff'];
  return [
    ...(shown.clouds && made.clouds
      ? cloudShapes(made.clouds, place, { fill: ink, edge: ink })
      : []),
    ...(shown.pushes ? pushShapes(made, place, { fill: ink, edge: paper }) : []),
    ...(shown.made ? madeShapes(made.values, place, { fill: madeColor(), edge: paper }) : []),
  ];
}

const inkOf = (dark: boolean) => (dark ? '#ffffff' : '#17212b');
