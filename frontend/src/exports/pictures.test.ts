// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { chartTitle, linesOf } from '../pictures/lines';
import type { Curve, Points, Session } from '../types';
import { curvesSvg, type Other } from './curves';
import type { Look } from './look';
import { networkSvg } from './network';
import { surfaceSvg } from './surface';
import { escaped, polyline, tag } from './svg';

const LOOK: Look = {
  dark: false,
  paper: '#ffffff',
  ink: '#111111',
  muted: '#666666',
  line: '#dddddd',
  edge: '#888888',
};

const layer = (title: string, units: number) => ({
  title,
  kind: 'dense',
  units,
  activation: 'tanh',
  params: {},
});

const SESSION = {
  problem: 'classification',
  dimensions: 2,
  classes: 2,
  range: [-1, 1],
  domain: [-6, 6],
  counts: { train: 2, validation: 0, test: 1 },
  graph: { inputs: ['x', 'y'], layers: [layer('Dense', 20), layer('Output', 1)] },
} as unknown as Session;

const POINTS: Points = {
  inputs: { shape: [3, 2], data: Float32Array.of(0, 0, 3, -3, -6, 6) },
  labels: { shape: [3], data: Float32Array.of(0, 1, 1) },
  split: { shape: [3], data: Uint8Array.of(0, 0, 2) },
  features: {},
};

const CURVE: Curve = {
  columns: ['step', 'epoch', 'train_loss', 'train_score', 'test_loss', 'test_score'],
  rows: [
    [0, 0, 0.5, 0.4, 0.6, Number.NaN],
    [10, 1, 0.1, 0.9, Number.NaN, 0.7],
    [20, 2, 0.01, 1, 0.2, 0.8],
  ].map((row) => Float32Array.from(row)),
};

/** The picture as a document; text that is no XML would have a parsererror. */
function read(svg: string): Document {
  const document = new DOMParser().parseFromString(svg, 'image/svg+xml');
  expect(document.querySelector('parsererror')).toBeNull();
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  return document;
}

const words = (document: Document) =>
  [...document.querySelectorAll('text')].map((one) => one.textContent);

describe('svg', () => {
  it('escapes what is said', () => {
    expect(escaped('a<b & "c"')).toBe('a&lt;b &amp; &quot;c&quot;');
    expect(tag('a', { x: 1.23456, y: undefined, z: '"' })).toBe('<a x="1.23" z="&quot;"/>');
  });

  it('breaks a line at a gap', () => {
    expect(polyline([[0, 0], [1, 2], null, [3, 4], [5, 6]])).toBe('M0 0L1 2M3 4L5 6');
  });
});

describe('curves', () => {
  const panels = (log: boolean, others: readonly Other[] = []) =>
    (['loss', 'score'] as const).map((kind) => ({
      title: chartTitle(kind, SESSION),
      lines: linesOf(kind, SESSION),
      log: log && kind === 'loss',
      others,
    }));

  it('draws a line for every part there is, and breaks it where there is no value', () => {
    const document = read(curvesSvg(CURVE, panels(false), { smoothing: 0, steps: false }, LOOK));
    expect(words(document)).toEqual(expect.arrayContaining(['Train', 'Test', 'Accuracy', 'Epoch']));
    expect(words(document)).not.toContain('Validation');
    const lines = [...document.querySelectorAll('path[stroke-width="1.75"]')];
    expect(lines).toHaveLength(4);
    const losses = lines.map((line) => line.getAttribute('d') ?? '');
    expect(losses[1]?.match(/M/g)).toHaveLength(2);
  });

  it('has powers of ten on a log axis, and steps where they are asked for', () => {
    const document = read(curvesSvg(CURVE, panels(true), { smoothing: 0, steps: true }, LOOK));
    expect(words(document)).toEqual(expect.arrayContaining(['0.01', '0.1', 'Step', '20']));
  });
});

describe('curves of other runs', () => {
  const rows = [...CURVE.rows, Float32Array.from([40, 2, 0.005, 1, 0.1, 0.9])];
  const other: Other = {
    name: 'Run 3',
    mark: '3',
    color: '#10a4ae',
    curve: { ...CURVE, rows },
    column: 'test_loss',
  };
  const panel = { title: 'Loss', lines: linesOf('loss', SESSION), log: false, others: [other] };

  it('are drawn behind, named, and on the same axis', () => {
    const document = read(curvesSvg(CURVE, [panel], { smoothing: 0, steps: true }, LOOK));
    expect(words(document)).toEqual(expect.arrayContaining(['Run 3', '3', '40']));
    const ends = [...document.querySelectorAll('path[stroke-width="1.75"]')].map((line) =>
      Number(/([\d.]+) [\d.]+$/.exec(line.getAttribute('d') ?? '')?.[1]),
    );
    const [own = 0, , theirs = 0] = ends; // train, test, the other run
    expect((theirs - 62) / (own - 62)).toBeCloseTo(2);
  });
});

describe('surface', () => {
  const map = Uint8Array.from({ length: 100 }, (_, i) => (i % 10) * 28);
  const output = { type: 'plane', maps: [map], size: 10, range: [-1, 1] } as const;
  const plane = { output: { ...output, maps: [map] as ArrayLike<number>[] }, image: 'data:,' };

  it('draws the parts shown, in the colours of their classes', () => {
    const shown = {
      ...plane,
      title: 'Output',
      picked: null,
      points: POINTS,
      contours: true,
      discretize: false,
    };
    const count = (parts: (0 | 1 | 2)[]) =>
      read(surfaceSvg({ ...shown, parts }, SESSION, LOOK)).querySelectorAll(
        'path[stroke="#ffffff"]',
      ).length;
    expect(count([0])).toBe(2);
    const both = read(surfaceSvg({ ...shown, parts: [0, 2] }, SESSION, LOOK));
    expect(both.querySelectorAll('path[stroke="#0b1015"]')).toHaveLength(1);
    expect(both.querySelectorAll('g path[fill="none"]')).toHaveLength(7);
  });

  it('has a key of its own for one class alone', () => {
    const shown = { ...plane, points: null, parts: [], contours: false, discretize: true };
    const svg = surfaceSvg({ ...shown, title: 'Output for class teal', picked: 2 }, SESSION, LOOK);
    const stops = [...read(svg).querySelectorAll('stop')].map((one) =>
      one.getAttribute('stop-color'),
    );
    expect(stops).toEqual(['rgb(232, 234, 235)', '#2eb8a1']);
    expect(words(read(svg))).toContain('Output for class teal');
  });

  it('draws one-dimensional curves over their points', () => {
    const curves = [Float32Array.from([0, 1, Number.NaN, 0.5])];
    const shown = {
      output: { type: 'lines' as const, curves, range: [-1, 1] as const },
      title: 'Output',
      picked: null,
      image: null,
      points: null,
      parts: [0 as const],
      contours: false,
      discretize: false,
    };
    const document = read(surfaceSvg(shown, { ...SESSION, dimensions: 1 }, LOOK));
    const line = document.querySelector('path[stroke-width="2.5"]');
    expect(line?.getAttribute('d')?.match(/M/g)).toHaveLength(2);
  });
});

describe('network', () => {
  const drawing = { features: ['X₁', 'X<2'], activations: ['Tanh', 'Tanh'], weights: [] };

  it('counts the units that it does not draw', () => {
    const document = read(networkSvg({ ...drawing, image: () => null }, SESSION, LOOK));
    const found = words(document);
    expect(found).toEqual(expect.arrayContaining(['X<2', 'Dense', '20 units', '1 unit']));
    const [rest = ''] = found.filter((one) => one?.startsWith('and '));
    const drawn = document.querySelectorAll('rect[fill="#dddddd"]').length - 3;
    expect(rest).toBe(`and ${20 - drawn} more`);
  });

  it('asks for the image of every unit that it draws', () => {
    const asked: string[] = [];
    const image = (column: number, unit: number) => {
      asked.push(`${column}.${unit}`);
      return 'data:,';
    };
    const document = read(networkSvg({ ...drawing, image }, SESSION, LOOK));
    expect(document.querySelectorAll('image')).toHaveLength(asked.length);
    expect(asked).toEqual(expect.arrayContaining(['0.0', '0.1', '1.0', '2.0']));
  });
});
