import { describe, expect, it } from 'vitest';
import {
  beside,
  CELL,
  type Column,
  capacity,
  dropIndex,
  grid,
  type LayoutInput,
  layout,
  STRIP,
  TOP,
  windowWith,
} from './geometry';

const room = (part: Partial<LayoutInput> = {}) =>
  layout({
    width: 680,
    height: 560,
    features: 7,
    layers: [{ units: 4 }, { units: 2 }],
    output: { units: 1 },
    ...part,
  });
const bottom = (column: Column) =>
  Math.max(...column.ys) + column.tile / 2 + (column.rest > 0 ? STRIP : 0);

describe('columns', () => {
  it('stand evenly between the features and the output', () => {
    const xs = room().columns.map((column) => column.x);
    const steps = xs.slice(1).map((x, i) => x - (xs[i] as number));
    expect(xs).toHaveLength(4);
    for (const step of steps) expect(step).toBeCloseTo(steps[0] as number);
  });

  it('of a row stand in the place of features, with room for who picks the row', () => {
    const place = room({ features: 0, row: { units: 30 } });
    const [row, first] = place.columns as [Column, Column];
    expect(row.x + row.tile / 2).toBe(CELL.width + 4);
    expect(first.x).toBeGreaterThan(row.x + CELL.tile);
    expect(row.rest).toBe(30 - row.ys.length);
    expect(bottom(row)).toBeLessThanOrEqual(560 - CELL.under);
  });

  it('fill the room, and scroll inside it when there are too many', () => {
    expect(room().width).toBe(680);
    const place = room({ layers: Array.from({ length: 16 }, () => ({ units: 8 })) });
    expect(place.width).toBeGreaterThan(680);
    const [, a, b] = place.columns as [Column, Column, Column];
    expect(b.x - a.x).toBeGreaterThanOrEqual(place.headWidth);
  });

  it('join features and output directly where no layer is hidden', () => {
    expect(room({ layers: [] }).columns).toHaveLength(2);
  });

  it('fit two hidden layers on a hand-held screen without scrolling', () => {
    const place = room({ width: 366 });
    expect(place.compact).toBe(true);
    expect(place.width).toBe(366);
  });
});

describe('units', () => {
  it('keep their places when another is added', () => {
    const few = room({ layers: [{ units: 2 }] }).columns[1] as Column;
    const more = room({ layers: [{ units: 3 }] }).columns[1] as Column;
    expect(more.ys.slice(0, 2)).toEqual(few.ys);
  });

  it('begin below the headers and never leave the room', () => {
    for (const units of [1, 8, 9, 10, 64, 256]) {
      const place = room({ layers: [{ units }] });
      const column = place.columns[1] as Column;
      expect(column.ys[0]).toBe(TOP + (place.columns[1] as Column).tile / 2);
      expect(bottom(column)).toBeLessThanOrEqual(place.height);
      expect(column.ys.length + column.rest).toBe(units);
    }
  });

  it('show eight whole, and a window of a wide layer', () => {
    expect((room({ layers: [{ units: 8 }] }).columns[1] as Column).rest).toBe(0);
    const wide = room({ layers: [{ units: 256, first: 300 }] }).columns[1] as Column;
    expect(wide.first).toBe(256 - wide.ys.length);
    expect(wide.rest).toBeGreaterThan(240);
    expect(wide.stripY).toBeGreaterThan(Math.max(...wide.ys));
  });

  it('show at least one in the lowest of rooms', () => {
    const column = room({ height: 200, layers: [{ units: 5 }] }).columns[1] as Column;
    expect(column.ys).toHaveLength(1);
    expect(column.rest).toBe(4);
  });

  it('do not overlap', () => {
    const place = room({ layers: [{ units: 8 }], features: 7 });
    for (const { ys, tile } of place.columns)
      for (const [i, y] of ys.slice(1).entries())
        expect(y - (ys[i] as number)).toBeGreaterThan(tile);
  });

  it('leave every feature in sight', () => {
    const column = room({ features: 11 }).columns[0] as Column;
    expect(column.ys).toHaveLength(11);
    expect(bottom(column)).toBeLessThanOrEqual(560);
  });
});

describe('an example on its way', () => {
  const layers = [
    { units: 8 },
    { units: 8, small: true },
    { units: 16 },
    { units: 16, small: true },
    { units: 784, small: true },
    { units: 64 },
  ];
  const place = room({ width: 762, features: 0, example: true, layers, output: { units: 10 } });

  it('is one large tile, with the whole network of MNIST beside it in a window of 1440', () => {
    const [input, first] = place.columns as [Column, Column];
    expect(input.ys).toHaveLength(1);
    expect(input.tile).toBeGreaterThan(first.tile);
    expect(place.width).toBe(762);
  });

  it('passes layers without weights in smaller tiles, closer together', () => {
    const [, conv, pool] = place.columns as [Column, Column, Column];
    expect(pool.tile).toBeLessThan(conv.tile);
    expect(pool.head).toBeLessThan(conv.head);
    for (const column of place.columns) expect(bottom(column)).toBeLessThanOrEqual(place.height);
  });

  it('has heads that do not overlap', () => {
    const columns = place.columns.slice(1, -1);
    for (const [i, column] of columns.slice(1).entries()) {
      const before = columns[i] as Column;
      expect(column.x - before.x).toBeGreaterThanOrEqual((column.head + before.head) / 2);
    }
  });
});

describe('a panel beside its anchor', () => {
  const view = { width: 400, height: 300 };
  const size = { width: 120, height: 80 };
  const at = (left: number, top: number) =>
    beside({ left, top, width: 20, height: 20 }, size, view, 8);

  it('stands below, else above', () => {
    expect(at(190, 50)).toEqual({ left: 140, top: 78 });
    expect(at(190, 250)).toEqual({ left: 140, top: 162 });
  });

  it('stays inside the window', () => {
    expect(at(0, 50).left).toBe(8);
    expect(at(390, 50).left).toBe(272);
    const low = beside({ left: 10, top: 50, width: 20, height: 20 }, size, {
      width: 400,
      height: 120,
    });
    expect(low).toEqual({ left: 38, top: 32 });
  });
});

describe('helpers', () => {
  it('count the tiles that fit', () => {
    expect(capacity(38, 38, 50)).toBe(1);
    expect(capacity(88, 38, 50)).toBe(2);
    expect(capacity(87, 38, 50)).toBe(1);
  });

  it('find the place something is dropped at', () => {
    expect(dropIndex([100, 200, 300], 149)).toBe(0);
    expect(dropIndex([100, 200, 300], 151)).toBe(1);
    expect(dropIndex([100, 200, 300], 9000)).toBe(2);
    expect(dropIndex([], 10)).toBe(0);
  });

  it('move a window no further than needed', () => {
    expect(windowWith(5, 0, 8)).toBe(0);
    expect(windowWith(8, 0, 8)).toBe(1);
    expect(windowWith(3, 10, 8)).toBe(3);
  });

  it('put every cell of a grid inside it', () => {
    for (const count of [9, 12, 100, 256]) {
      const { columns, rows, cell } = grid(count, 84, 60, 14);
      expect(columns * rows).toBeGreaterThanOrEqual(count);
      expect(columns * cell).toBeLessThanOrEqual(84);
      expect(rows * cell).toBeLessThanOrEqual(60);
    }
  });
});

describe('heads', () => {
  it('never overlap each other, the features or the output', () => {
    for (const width of [320, 366, 460, 640, 720, 1200])
      for (const count of [1, 2, 3, 5, 16]) {
        const place = room({ width, layers: Array.from({ length: count }, () => ({ units: 2 })) });
        const xs = place.columns.map((column) => column.x);
        const half = place.headWidth / 2;
        const [features] = place.columns as [Column];
        expect((xs[1] as number) - half).toBeGreaterThanOrEqual(features.x + features.tile / 2);
        for (let i = 2; i < xs.length - 1; i++)
          expect((xs[i] as number) - (xs[i - 1] as number)).toBeGreaterThan(2 * half);
        expect((xs.at(-1) as number) - (xs.at(-2) as number)).toBeGreaterThan(half + 30);
      }
  });
});
