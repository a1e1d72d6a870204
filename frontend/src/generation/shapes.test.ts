import { describe, expect, it } from 'vitest';
import type { Floats, Generated } from '../types';
import { gridPixels } from './grid';
import { moved, norm } from './moves';
import { cloudShapes, gridCells, gridShapes, pushLength, pushShapes } from './shapes';

const INK = { fill: '#111', edge: '#eee' };
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
    const [line, ...none] = gridShapes(floats([1, 2, 2], 1, 2, 3, 4), (x, y) => [x, -y], INK);
    expect(line?.d).toBe('M1.0 -2.0L3.0 -4.0');
    expect(none).toEqual([]);
  });

  it('draws every cell once, and fills it once', () => {
    const shapes = gridShapes(grid, (x, y) => [x, y], INK);
    const cells = (d: string) => d.split('Z').filter(Boolean).sort();
    const filled = shapes.filter(({ fill }) => fill).flatMap(({ d }) => cells(d));
    expect(filled.sort()).toEqual(cells(shapes.at(-1)?.d ?? ''));
    expect(filled).toHaveLength(2);
  });
});

it('a push is drawn ever longer, and never too long', () => {
  const lengths = [0, 0.1, 1, 10, 1000].map(pushLength);
  expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
  expect(lengths[0]).toBe(0);
  expect(lengths.at(-1)).toBeLessThan(30);
});

it('a push leads from its point the way it points, and none from who is not pushed', () => {
  const made = { values: floats([2, 2], 1, 1, 5, 5), pushes: floats([2, 2], 0, 1, 0, 0) };
  const [, arrow] = pushShapes(made, (x, y) => [x, -y], INK);
  const [, fromX, fromY, toX, toY] = /^M(\S+) (\S+)L(\S+) ([-\d.]+)/.exec(arrow?.d ?? '') ?? [];
  expect([fromX, fromY, toX]).toEqual(['1.0', '-1.0', '1.0']);
  expect(Number(toY)).toBeLessThan(-1); // up, where the pixels of the test rise downwards
  expect(arrow?.d).not.toContain('M5.0');
});

it('a ring is filled when its cloud is covered, before it is an arc', () => {
  const shapesOf = (count: number) => {
    const clouds: NonNullable<Generated['clouds']> = {
      centres: floats([1, 2], 0, 0),
      radius: 0.5,
      counts: { shape: [1], data: Uint32Array.of(count) },
      due: 10,
    };
    return cloudShapes(clouds, (x, y) => [x, y], INK);
  };
  const [none, some, all] = [0, 5, 12].map(shapesOf);
  expect(none?.map(({ dash }) => dash)).toEqual([[3, 3]]);
  expect(some?.map(({ fill }) => fill)).toEqual([undefined, undefined]);
  expect(some?.[1]?.d).toContain('A'); // half of it
  expect(all?.[0]?.fill).toBe(INK.fill);
});

it('pictures of a grid of noise stand with the largest second number at the top', () => {
  const lut = Uint32Array.from({ length: 256 }, (_, i) => i);
  const data = Uint8Array.of(1, 2, 3, 4); // two rows and columns of pictures of one pixel
  const { width, height, pixels } = gridPixels({ shape: [2, 2, 1, 1, 1], data }, lut);
  expect([width, height]).toEqual([2, 2]);
  expect([...pixels]).toEqual([3, 4, 1, 2]);
});

describe('how far weights move', () => {
  type Layers = (Record<string, Floats> | null)[];
  const before: Layers = [{ w: floats([1, 2], 0, 0) }, {}, { w: floats([1, 1], 1) }];
  const after: Layers = [{ w: floats([1, 2], 3, 4) }, {}, { w: floats([1, 1], 1) }];

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
