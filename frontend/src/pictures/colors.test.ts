import { describe, expect, it } from 'vitest';
import { RUN_COLORS } from '../runs/colors';
import {
  CLASSES,
  classColor,
  classLut,
  contrast,
  css,
  discreteLut,
  divergingLut,
  linear,
  NEGATIVE,
  NEUTRAL_LIGHT,
  POSITIVE,
  pack,
  paint,
  parseHex,
  type Rgb,
  textOn,
  unpack,
  valueColor,
} from './colors';

describe('packed colours', () => {
  it('are the bytes that ImageData has', () => {
    const pixels = new Uint32Array([pack([1, 2, 3])]);
    expect([...new Uint8Array(pixels.buffer)]).toEqual([1, 2, 3, 255]);
    expect(unpack(pack([200, 0, 255]))).toEqual([200, 0, 255]);
  });
});

describe('the diverging table', () => {
  const lut = divergingLut(false);

  it('goes from orange over grey to blue', () => {
    expect(lut[0]).toBe(pack(parseHex(NEGATIVE)));
    expect(lut[255]).toBe(pack(parseHex(POSITIVE)));
    const middle = unpack(lut[128] as number);
    parseHex(NEUTRAL_LIGHT).forEach((channel, i) => {
      expect(Math.abs(channel - (middle[i] as number))).toBeLessThanOrEqual(1);
    });
  });

  it('agrees with the colour of single values', () => {
    expect(valueColor(-1)).toBe(css(parseHex(NEGATIVE)));
    expect(valueColor(7)).toBe(css(parseHex(POSITIVE)));
    expect(valueColor(Number.NaN)).toBe(css(parseHex(NEUTRAL_LIGHT)));
  });

  it('has one step per side when discrete', () => {
    const two = discreteLut(false);
    expect(new Set(two.subarray(0, 128)).size).toBe(1);
    expect(new Set(two.subarray(128)).size).toBe(1);
    expect(two[127]).not.toBe(two[128]);
  });

  it('paints bytes', () => {
    const target = new Uint32Array(3);
    paint(new Uint8Array([0, 255, 7]), lut, target);
    expect([...target]).toEqual([lut[0], lut[255], lut[7]]);
  });

  it('of a class ends in its colour', () => {
    expect(classLut(2, true)[255]).toBe(pack(parseHex(CLASSES[2]?.dark as string)));
  });

  it('of a value that is no class yet is one of the table', () => {
    for (const label of [-0.4, 0.37, 5.7, 6]) expect(classColor(label)).toMatch(/^#/);
  });
});

describe('text on a colour', () => {
  it('reads at AA on every class', () => {
    for (const color of CLASSES.flatMap(({ light, dark }) => [light, dark])) {
      const background = parseHex(color);
      expect(contrast(background, parseHex(textOn(background)))).toBeGreaterThan(4.5);
    }
  });
});

// Machado, Oliveira and Fernandes (2009), severity 1, in linear light
type Matrix = readonly [Rgb, Rgb, Rgb];
const VISION: Record<string, Matrix> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const times = (m: Matrix, v: Rgb): Rgb => [dot(m[0], v), dot(m[1], v), dot(m[2], v)];
const dot = (a: Rgb, b: Rgb) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** Björn Ottosson's Oklab, of linear light. */
function oklab(light: Rgb): Rgb {
  const cones = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    [Math.max(0, light[0]), Math.max(0, light[1]), Math.max(0, light[2])],
  );
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    [Math.cbrt(cones[0]), Math.cbrt(cones[1]), Math.cbrt(cones[2])],
  );
}

function seen(hex: string, vision: Matrix): Rgb {
  const [r, g, b] = parseHex(hex);
  return oklab(times(vision, [linear(r), linear(g), linear(b)]));
}

function apart(a: string, b: string, vision: Matrix): number {
  const [p, q] = [seen(a, vision), seen(b, vision)];
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

describe.each(['light', 'dark'] as const)('on a %s page', (page) => {
  const pairs = <T>(all: readonly T[]) =>
    all.flatMap((a, i) => all.slice(i + 1).map((b) => [a, b] as const));

  it.each(Object.entries(VISION))('classes are told apart with %s vision', (_, vision) => {
    for (const [a, b] of pairs(CLASSES))
      expect(apart(a[page], b[page], vision), `${a.name} and ${b.name}`).toBeGreaterThan(0.11);
  });

  it.each(Object.entries(VISION))('runs are told apart with %s vision', (_, vision) => {
    for (const [a, b] of pairs(RUN_COLORS))
      expect(apart(a[page], b[page], vision), `${a[page]} and ${b[page]}`).toBeGreaterThan(0.11);
  });

  it('runs stand out from the paper', () => {
    const paper = parseHex(page === 'light' ? '#ffffff' : '#161c22');
    for (const color of RUN_COLORS)
      expect(contrast(parseHex(color[page]), paper)).toBeGreaterThanOrEqual(3);
  });
});
