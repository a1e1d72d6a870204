/**
 * Values on a square grid over the domain: the outermost samples lie on its edges and
 * row 0 at the top. Everything here works in samples' own units (bytes stay bytes).
 */

import { classLut } from './colors';

type Values = ArrayLike<number>;

/** Where a place in the domain falls on an axis of `size` samples. */
export function toGrid(value: number, domain: readonly [number, number], size: number): number {
  return ((value - domain[0]) / (domain[1] - domain[0])) * (size - 1);
}

/** The value at a place by bilinear interpolation; beyond the domain that of its edge. */
export function sample(
  values: Values,
  size: number,
  x: number,
  y: number,
  domain: readonly [number, number],
): number {
  const u = toGrid(x, domain, size);
  const v = size - 1 - toGrid(y, domain, size);
  const [i, s] = cell(u, size);
  const [j, t] = cell(v, size);
  const top = lerp(values, j * size + i, s);
  const bottom = lerp(values, (j + 1) * size + i, s);
  return top + (bottom - top) * t;
}

/** The value of a curve over x, as `sample`. */
export function sampleLine(values: Values, x: number, domain: readonly [number, number]): number {
  const [i, s] = cell(toGrid(x, domain, values.length), values.length);
  return lerp(values, i, s);
}

function cell(u: number, size: number): [number, number] {
  const inside = Math.min(size - 1, Math.max(0, u));
  const i = Math.min(size - 2, Math.floor(inside));
  return [i, inside - i];
}

function lerp(values: Values, at: number, share: number): number {
  const a = values[at] as number;
  return a + ((values[at + 1] as number) - a) * share;
}

interface Axis {
  index: Int32Array;
  share: Float32Array;
}

const axes = new Map<string, Axis>();

/** For every pixel of a side: the sample before its centre and the way to the next. */
function axis(size: number, side: number): Axis {
  const key = `${size}>${side}`;
  const known = axes.get(key);
  if (known) return known;
  const made = { index: new Int32Array(side), share: new Float32Array(side) };
  for (let p = 0; p < side; p++) {
    const [i, share] = cell(((p + 0.5) / side) * (size - 1), size);
    made.index[p] = i;
    made.share[p] = share;
  }
  if (axes.size > 32) axes.clear();
  axes.set(key, made);
  return made;
}

/** A grid of size² samples as side² pixels, bilinear, into `out`. */
export function resample(values: Values, size: number, side: number, out: Float32Array): void {
  const { index, share } = axis(size, side);
  const line = new Float32Array(size);
  for (let row = 0; row < side; row++) {
    const top = (index[row] as number) * size;
    const t = share[row] as number;
    for (let i = 0; i < size; i++) {
      const a = values[top + i] as number;
      line[i] = a + ((values[top + size + i] as number) - a) * t;
    }
    const base = row * side;
    for (let p = 0; p < side; p++) {
      const i = index[p] as number;
      const a = line[i] as number;
      out[base + p] = a + ((line[i + 1] as number) - a) * (share[p] as number);
    }
  }
}

/** Bytes spread less than this are too coarse to compare: their steps would draw borders. */
const COARSE = 64;

/** Maps of bytes, the steps of quantisation smoothed away where they are all there is. */
export function unbanded(maps: readonly Uint8Array[], size: number): ArrayLike<number>[] {
  const spread = Math.max(...maps.map((map) => Math.max(...map) - Math.min(...map)));
  return spread < COARSE ? maps.map((map) => blur(blur(map, size), size)) : [...maps];
}

/** The mean of every sample and its neighbours up to two away, in rows and columns. */
function blur(values: Values, size: number): Float32Array {
  const across = mean(values, size, (row, i) => row * size + i);
  return mean(across, size, (column, i) => i * size + column);
}

function mean(values: Values, size: number, at: (line: number, i: number) => number): Float32Array {
  const out = new Float32Array(size * size);
  for (let line = 0; line < size; line++) {
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let d = -2; d <= 2; d++) {
        // beyond the edge goes on in a straight line, so that a slope stays one
        const edge = i + d < 0 ? 0 : i + d >= size ? size - 1 : i + d;
        const mirrored = 2 * edge - (i + d);
        const inside = values[at(line, mirrored)] as number;
        sum += mirrored === edge ? inside : 2 * (values[at(line, edge)] as number) - inside;
      }
      out[at(line, i)] = sum / 5;
    }
  }
  return out;
}

/** Interpolated bytes to packed colours. */
export function paintField(field: Float32Array, lut: Uint32Array, pixels: Uint32Array): void {
  for (let i = 0; i < field.length; i++) {
    pixels[i] = lut[((field[i] as number) + 0.5) | 0] as number;
  }
}

/** The least tint of a place that a class wins, so that it is seen whose it is. */
const LEAST_TINT = 0.22;

/**
 * How strongly the winner's colour is laid on, 0–1: from barely ahead (an equal share)
 * to certain. `value` is the winner's byte, `classes` how many there are.
 */
export function tint(value: number, classes: number): number {
  const share = 1 / classes;
  const lead = Math.max(0, (value / 255 - share) / (1 - share));
  return LEAST_TINT + (1 - LEAST_TINT) * lead;
}

/** At every pixel the colour of the class with the largest value. */
export function paintWinner(
  fields: readonly Float32Array[],
  dark: boolean,
  discretize: boolean,
  pixels: Uint32Array,
): void {
  const luts = fields.map((_, k) => classLut(k, dark));
  const strength = Uint8Array.from({ length: 256 }, (_, value) =>
    Math.round(255 * (discretize ? 1 : tint(value, fields.length))),
  );
  for (let i = 0; i < pixels.length; i++) {
    const best = winner(fields, i);
    const value = ((fields[best] as Float32Array)[i] as number) + 0.5;
    pixels[i] = (luts[best] as Uint32Array)[strength[value | 0] as number] as number;
  }
}

/** The class with the largest value at an index; of equals the first. */
export function winner(fields: readonly Values[], at: number): number {
  let best = 0;
  for (let k = 1; k < fields.length; k++) {
    if (((fields[k] as Values)[at] as number) > ((fields[best] as Values)[at] as number)) best = k;
  }
  return best;
}
