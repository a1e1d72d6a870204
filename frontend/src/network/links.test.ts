import { describe, expect, it } from 'vitest';
import { type Column, layout } from './geometry';
import {
  biasAt,
  biasesOf,
  biasOf,
  distance,
  hitTest,
  type LayerWeights,
  type Link,
  linksOf,
  linkWidth,
  spanOf,
  strongest,
  weightOf,
} from './links';

const place = layout({
  width: 680,
  height: 560,
  features: 4,
  layers: [{ units: 3 }, { units: 256, first: 100 }],
  output: { units: 2 },
});
const xs = place.columns.map((column) => column.x);
// features 1 and 3 are given to the network, as its inputs 0 and 1
const links = linksOf(place, [-1, 0, -1, 1]);
const matrix = (rows: number, columns: number, value: (i: number, j: number) => number) => ({
  shape: [rows, columns],
  data: Float32Array.from({ length: rows * columns }, (_, k) =>
    value(Math.floor(k / columns), k % columns),
  ),
});

describe('links', () => {
  it('join what is shown, and active features only', () => {
    const shown = (place.columns[2] as Column).ys.length;
    expect(links.map((pair) => pair.length)).toEqual([2 * 3, 3 * shown, shown * 2]);
    expect(new Set(links[0]?.map((link) => link.row))).toEqual(new Set([0, 1]));
    expect(links[0]?.[0]?.y0).toBe((place.columns[0] as Column).ys[1]);
  });

  it('carry the true indices of a wide layer', () => {
    expect(links[1]?.[0]?.unit).toBe(100);
    expect(links[2]?.[0]?.row).toBe(100);
  });

  it('read their own weight', () => {
    const w = matrix(2, 3, (i, j) => 10 * i + j);
    const weights: LayerWeights = { w, b: { shape: [3], data: Float32Array.of(7, 8, 9) } };
    const values = links[0]?.map((link) => weightOf(link, weights));
    expect(values).toEqual([0, 10, 1, 11, 2, 12]);
    expect(biasOf({ layer: 0, unit: 1, y: 0 }, weights)).toBe(8);
  });

  it('have no weight where it is not known', () => {
    const link = links[0]?.[0] as Link;
    const weights = { w: matrix(1, 1, () => 1), b: matrix(1, 1, () => 1) };
    expect(weightOf(link, null)).toBeNull();
    expect(weightOf({ ...link, unit: 2 }, weights)).toBeNull();
    expect(weightOf({ ...link, row: 1 }, weights)).toBeNull();
  });

  it('are the strongest where there are too many', () => {
    const many: Link[] = Array.from({ length: 10 }, (_, row) => ({
      layer: 0,
      row,
      unit: 0,
      y0: 0,
      y1: 0,
    }));
    const w = matrix(10, 1, (i) => (i % 2 === 0 ? -i : i / 10));
    const kept = strongest(many, { w, b: matrix(1, 1, () => 0) }, 3);
    expect(kept.map((link) => link.row)).toEqual([4, 6, 8]);
    expect(strongest(many, null, 3)).toHaveLength(3);
    expect(strongest(many, null, 10)).toBe(many);
  });

  it('grow with |w| and stop growing', () => {
    expect(linkWidth(-2)).toBe(linkWidth(2));
    expect(linkWidth(1)).toBeGreaterThan(linkWidth(0.5));
    expect(linkWidth(50)).toBe(linkWidth(5));
    expect(linkWidth(0)).toBeGreaterThan(0);
  });
});

/** A point on the curve, from the definition of a cubic Bézier. */
function onCurve(link: Link, t: number): [number, number] {
  const { x0, x1 } = spanOf(place, xs, link.layer);
  const middle = (x0 + x1) / 2;
  const s = 1 - t;
  const at = (a: number, b: number, c: number, d: number) =>
    a * s ** 3 + 3 * b * s * s * t + 3 * c * s * t * t + d * t ** 3;
  return [at(x0, middle, middle, x1), at(link.y0, link.y0, link.y1, link.y1)];
}

describe('hit-testing', () => {
  const targets = { place, xs, links, biases: biasesOf(place) };

  it('measures zero on the curve itself', () => {
    for (const pair of links)
      for (const link of pair.slice(0, 20))
        for (const t of [0.05, 0.3, 0.5, 0.77, 0.95]) {
          const [x, y] = onCurve(link, t);
          expect(distance(link, spanOf(place, xs, link.layer), x, y)).toBeLessThan(0.01);
        }
  });

  it('measures across a steep curve, not down it', () => {
    const link: Link = { layer: 0, row: 0, unit: 0, y0: 0, y1: 400 };
    const span = { x0: 0, x1: 60 };
    const far = distance(link, span, 34, 200);
    expect(far).toBeGreaterThan(3);
    expect(far).toBeLessThan(4.5);
  });

  it('finds the link under the pointer, and nothing far from all', () => {
    const link = links[0]?.[4] as Link;
    const [x, y] = onCurve(link, 0.6);
    const hit = hitTest(targets, x, y + 1, 6);
    expect(hit).toEqual({ type: 'link', link });
    expect(hitTest(targets, 5, 5, 6)).toBeNull();
    expect(hitTest(targets, xs[1] as number, y, 6)).toBeNull();
  });

  it('finds a bias before the links that end beside it', () => {
    const bias = biasesOf(place).find((one) => one.layer === 1 && one.unit === 101);
    if (!bias) throw new Error('unit 101 should be shown');
    const { x, y } = biasAt(place, xs, bias);
    expect(hitTest(targets, x + 1, y - 1, 5)).toEqual({
      type: 'bias',
      bias,
    });
  });
});
