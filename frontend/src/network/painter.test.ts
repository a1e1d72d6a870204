import { expect, it } from 'vitest';
import { layout } from './geometry';
import { endsOf, skipPath } from './painter';

const place = layout({
  width: 762,
  height: 560,
  features: 0,
  example: true,
  layers: [{ units: 8 }, { units: 8 }, { units: 8, small: true }],
  output: { units: 10 },
});
const xs = place.columns.map((column) => column.x);

it('draws an arc from the layer that is taken as well to the one that takes it, below the tiles', () => {
  const { line, head } = skipPath({ place }, xs, { from: 1, to: 3 }, 0);
  expect(line.startsWith(`M${xs[1]} `)).toBe(true);
  expect(head.startsWith(`M${xs[3]} `)).toBe(true);
  const lowest = Math.max(...place.columns.slice(1, 4).map((column) => endsOf(column).bottom));
  const y = Number(/ ([\d.]+)L/.exec(line)?.[1]);
  expect(y).toBeGreaterThan(lowest);
  expect(y).toBeLessThanOrEqual(place.height);
});

it('lays further arcs lower', () => {
  const y = (rank: number) =>
    Number(/ ([\d.]+)L/.exec(skipPath({ place }, xs, { from: 0, to: 2 }, rank).line)?.[1]);
  expect(y(1)).toBeGreaterThanOrEqual(y(0));
});
