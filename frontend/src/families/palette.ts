/** Colours of classes where there may be ten: the page's own for up to six, else Tableau's. */

import { CLASSES, classColor } from '../pictures/colors';

const TEN = [
  ['#3f6ea3', '#6f9fd8'],
  ['#e8801a', '#f59b3f'],
  ['#d8434b', '#ff7f83'],
  ['#4d9c96', '#7fd0c8'],
  ['#47923d', '#6dc45f'],
  ['#c19a00', '#efd05a'],
  ['#9a5f91', '#cf97c6'],
  ['#f07f8d', '#ffb3bd'],
  ['#86624c', '#bd9376'],
  ['#75706c', '#c3bbb5'],
] as const;

export function planeColor(label: number, classes: number, dark: boolean): string {
  if (classes <= CLASSES.length) return classColor(label, dark);
  return (TEN[Math.max(0, label) % TEN.length] ?? TEN[0])[dark ? 1 : 0];
}
