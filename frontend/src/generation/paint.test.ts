import { describe, expect, it } from 'vitest';
import type { Generated } from '../types';
import { gridPixels } from './grid';
import { moved, norm } from './moves';
import { drawClouds, drawManifold, gridCells, pushLength } from './paint';

const floats = (shape: number[], ...values: number[]) => ({
  shape,
  data: Float32Array.from(values),
});

describe('the warped grid', () => {
  // one cell of area 1, one of area 2
  const grid = floats([2, 3, 2], 0, 0, 1, 0, 3, 0, 0, 1, 1, 1, 3, 1);

  it('is denser where its cells are smaller', () => {
    const [small, large] = gridCells(grid);
    expect(gridCells(grid)).toHaveLength(2);
    expect(small?.density).toBeGreaterThan(large?.density ?? 1);
  });

  it('does not depend on which way a cell is turned over', () => {
    const over = floats([2, 3, 2], 0, 1, 1, 1, 3, 1, 0, 0, 1, 0, 3, 0);
    expect(gridCells(over).map(({ density }) => density)).toEqual(
      gridCells(grid).map(({ density }) => density),
    );
  });

  it('of a noise of one number is a line', () => {
    const line: (readonly number[])[] = [];
    const context = {
      beginPath() {},
      lineTo: (x: number, y: number) => line.push([x, y]),
      stroke() {},
    } as unknown as CanvasRenderingContext2D;
    const ink = { fill: '', edge: '' };
    drawManifold(context, floats([1, 2, 2], 1, 2, 3, 4), (x, y) => [x, -y], ink);
    expect(line).toEqual([
      [1, -2],
      [3, -4],
    ]);
  });
});

it('a push is drawn ever longer, and never too long', () => {
  const lengths = [0, 0.1, 1, 10, 1000].map(pushLength);
  expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
  expect(lengths[0]).toBe(0);
  expect(lengths.at(-1)).toBeLessThan(30);
});

it('a ring is filled when its cloud is covered', () => {
  const arcs: number[] = [];
  let filled = 0;
  const context = {
    beginPath() {},
    stroke() {},
    setLineDash() {},
    fill: () => filled++,
    arc: (...[, , , from, to]: number[]) => arcs.push((to ?? 0) - (from ?? 0)),
  } as unknown as CanvasRenderingContext2D;
  const clouds: NonNullable<Generated['clouds']> = {
    centres: floats([3, 2], 0, 0, 1, 1, 2, 2),
    radius: 0.5,
    counts: { shape: [3], data: Uint32Array.of(0, 5, 12) },
    due: 10,
  };
  drawClouds(context, clouds, (x, y) => [x, y], { fill: '', edge: '' });
  expect(filled).toBe(1);
  // every ring whole, and on it an arc as far as it is covered
  expect(arcs.map((arc) => arc / (2 * Math.PI))).toEqual([1, 1, 0.5, 1, 1]);
});

it('pictures of a grid of noise stand with the largest second number at the top', () => {
  const lut = Uint32Array.from({ length: 256 }, (_, i) => i);
  const data = Uint8Array.of(1, 2, 3, 4); // two rows and columns of pictures of one pixel
  const { width, height, pixels } = gridPixels({ shape: [2, 2, 1, 1, 1], data }, lut);
  expect([width, height]).toEqual([2, 2]);
  expect([...pixels]).toEqual([3, 4, 1, 2]);
});

describe('how far weights move', () => {
  const before = [{ w: floats([1, 2], 0, 0) }, {}, { w: floats([1, 1], 1) }];
  const after = [{ w: floats([1, 2], 3, 4) }, {}, { w: floats([1, 1], 1) }];

  it('is told of each network alone', () => {
    expect(moved(before, after, 0, 2)).toEqual({ length: 5, whole: true });
    expect(moved(before, after, 2, 3)).toEqual({ length: 0, whole: true });
  });

  it('is not claimed where weights are not at hand', () => {
    expect(moved(before, [null, {}, null], 0, 2)?.whole).toBe(false);
    expect(moved(before, after.slice(1), 0, 2)).toBeNull();
    expect(moved(undefined, after, 0, 2)).toBeNull();
  });
});

it('a norm is that of some layers', () => {
  expect(norm([3, 4, 7], 0, 2)).toBe(5);
  expect(norm([3, 4, 7], 2, 3)).toBe(7);
});
