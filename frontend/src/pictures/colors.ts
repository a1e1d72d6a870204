/**
 * Colours as numbers: the diverging scale of values, the classes, and tables for
 * painting canvases. A packed colour is 0xAABBGGRR, the order of ImageData's bytes
 * seen through a Uint32Array on a little-endian machine.
 */

export type Rgb = readonly [number, number, number];

/** TensorFlow Playground's scale: -1 orange, 0 grey, +1 blue. */
export const NEGATIVE = '#f59322';
export const NEUTRAL_LIGHT = '#e8eaeb';
export const NEUTRAL_DARK = '#242a30';
export const POSITIVE = '#0877bd';
/** On a dark page blue is lifted, so that it stands out from the middle as orange does. */
export const POSITIVE_DARK = '#268fd8';

export interface ClassColor {
  name: string;
  light: string;
  dark: string;
}

/** Told apart under protanopia, deuteranopia and tritanopia (see colors.test.ts). */
export const CLASSES: readonly ClassColor[] = [
  { name: 'orange', light: NEGATIVE, dark: NEGATIVE },
  { name: 'blue', light: POSITIVE, dark: POSITIVE_DARK },
  { name: 'teal', light: '#2eb8a1', dark: '#35c9a5' },
  { name: 'berry', light: '#93255c', dark: '#cc3f6f' },
  { name: 'yellow', light: '#f9e586', dark: '#f9e586' },
  { name: 'lilac', light: '#c3a8fa', dark: '#cdb6ff' },
];

export const LUT_SIZE = 256;

/** '#rrggbb' to 0–255 channels. */
export function parseHex(hex: string): Rgb {
  const n = Number.parseInt(hex.slice(1), 16);
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255];
}

export function css([r, g, b]: Rgb, alpha = 1): string {
  const channels = `${Math.round(r)}, ${Math.round(g)}, ${Math.round(b)}`;
  return alpha === 1 ? `rgb(${channels})` : `rgba(${channels}, ${alpha})`;
}

/** Channels 0–255 to 0xAABBGGRR. */
export function pack([r, g, b]: Rgb, alpha = 255): number {
  return ((alpha << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r)) >>> 0;
}

export function unpack(packed: number): Rgb {
  return [packed & 255, (packed >> 8) & 255, (packed >> 16) & 255];
}

export function mix(a: Rgb, b: Rgb, t: number): Rgb {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

/**
 * The table's entry; beyond six classes (or for no class) it begins again. For a moment after
 * a change of the problem the labels at hand are values still: they are rounded.
 */
function classOf(index: number): ClassColor {
  return CLASSES[Math.round(Math.max(0, index)) % CLASSES.length] as ClassColor;
}

export function classColor(index: number, dark = false): string {
  return dark ? classOf(index).dark : classOf(index).light;
}

/** What a class is called in text: its colour and its index. */
export function className(index: number): string {
  return classOf(index).name;
}

const stops = {
  light: [parseHex(NEGATIVE), parseHex(NEUTRAL_LIGHT), parseHex(POSITIVE)],
  dark: [parseHex(NEGATIVE), parseHex(NEUTRAL_DARK), parseHex(POSITIVE_DARK)],
} as const;

function divergingRgb(v: number, dark: boolean): Rgb {
  const [low, middle, high] = dark ? stops.dark : stops.light;
  const t = Math.max(-1, Math.min(1, Number.isFinite(v) ? v : 0));
  return t < 0 ? mix(middle, low, -t) : mix(middle, high, t);
}

/** The colour of a value in [-1, 1]; beyond it the ends, NaN the middle. */
export function valueColor(v: number, dark = false): string {
  return css(divergingRgb(v, dark));
}

function buildLut(color: (t: number) => number): Uint32Array {
  return Uint32Array.from({ length: LUT_SIZE }, (_, i) => color(i / (LUT_SIZE - 1)));
}

type Luts = { light: Uint32Array; dark: Uint32Array };

function bothThemes(color: (t: number, dark: boolean) => Rgb): Luts {
  return {
    light: buildLut((t) => pack(color(t, false))),
    dark: buildLut((t) => pack(color(t, true))),
  };
}

const diverging = bothThemes((t, dark) => divergingRgb(2 * t - 1, dark));
const discrete = bothThemes((t, dark) => divergingRgb(t < 0.5 ? -1 : 1, dark));

/** 256 packed colours from the low end of a range (orange) to its high end (blue). */
export function divergingLut(dark: boolean): Uint32Array {
  return dark ? diverging.dark : diverging.light;
}

/** The same with two colours only: which side of the middle. */
export function discreteLut(dark: boolean): Uint32Array {
  return dark ? discrete.dark : discrete.light;
}

/** The colour of a map where nothing is won: the middle of the diverging scale. */
export function neutral(dark: boolean): Rgb {
  return dark ? stops.dark[1] : stops.light[1];
}

/** From the neutral middle (0) to one class's colour (1). */
export function classLut(index: number, dark: boolean): Uint32Array {
  const from = neutral(dark);
  const to = parseHex(classColor(index, dark));
  return buildLut((t) => pack(mix(from, to, t)));
}

/** Quantised values to packed colours. `target` holds at least `values.length`. */
export function paint(values: ArrayLike<number>, lut: Uint32Array, target: Uint32Array): void {
  for (let i = 0; i < values.length; i++) target[i] = lut[values[i] as number] as number;
}

/** WCAG relative luminance, 0 black to 1 white. */
export function luminance(rgb: Rgb): number {
  return 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
}

/** An sRGB channel 0–255 as light 0–1. */
export function linear(channel: number): number {
  const s = channel / 255;
  return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
}

/** WCAG contrast ratio, 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** Black or white, whichever reads better on `background`. */
export function textOn(background: Rgb): string {
  const black = contrast(background, [0, 0, 0]);
  const white = contrast(background, [255, 255, 255]);
  return black >= white ? '#000000' : '#ffffff';
}
