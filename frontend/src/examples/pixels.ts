/** Examples and feature maps as pixels of their own size, which the browser scales crisply. */

import { mix, pack, type Rgb } from '../pictures/colors';
import type { Bytes, Floats, Tensor } from '../types';

/** Colours of a picture in grey: paper is 0, ink is 255. */
export function inkLut(paper: Rgb, ink: Rgb): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, i) => pack(mix(paper, ink, i / 255)));
}

/** An example (h, w, c) of bytes: of three channels in its colours, else the first in grey. */
export function picturePixels(input: Tensor, lut: Uint32Array, offset = 0): ImageData {
  const [h = 1, w = 1, channels = 1] = input.shape.slice(-3);
  const image = new ImageData(w, h);
  const pixels = new Uint32Array(image.data.buffer);
  const start = offset * h * w * channels;
  for (let i = 0; i < h * w; i++) {
    const at = start + i * channels;
    const value = input.data[at] ?? 0;
    pixels[i] =
      channels < 3
        ? (lut[value] ?? 0)
        : pack([value, input.data[at + 1] ?? 0, input.data[at + 2] ?? 0]);
  }
  return image;
}

/** One unit's map out of bytes (units, h, w), or its one value out of (units). */
export function mapPixels({ shape, data }: Bytes, unit: number, lut: Uint32Array): ImageData {
  const [h = 1, w = 1] = shape.length > 2 ? shape.slice(1) : shape.length > 1 ? [1, shape[1]] : [];
  const image = new ImageData(w, h);
  const pixels = new Uint32Array(image.data.buffer);
  const start = unit * h * w;
  for (let i = 0; i < h * w; i++) pixels[i] = lut[data[start + i] ?? 0] ?? 0;
  return image;
}

/** A unit's bytes over time, from -1 to 1. */
export function lineOf({ shape, data }: Bytes, unit: number): Float32Array {
  const time = shape[1] ?? 1;
  return Float32Array.from(
    data.subarray(unit * time, (unit + 1) * time),
    (byte) => byte / 127.5 - 1,
  );
}

/** A quantised value as the number that it stands for. */
export function numberOf(byte: number | undefined, limit: number): number {
  return ((byte ?? 127.5) / 127.5 - 1) * limit;
}

/** Any numbers (n) as bytes over [-limit, limit]. */
export function quantised(values: ArrayLike<number>, limit: number): Uint8Array {
  return Uint8Array.from(values, (value) =>
    Math.round(127.5 * (1 + Math.max(-1, Math.min(1, value / (limit || 1))))),
  );
}

export function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i] ?? 0));
  return most;
}

/** A unit's kernel, input channel by input channel, as bytes (channels, h, w) over [-limit, limit]. */
export function kernelMaps(
  { shape, data }: Floats,
  unit: number,
): { values: Bytes; limit: number } {
  const units = shape.at(-1) ?? 1;
  const channels = shape.at(-2) ?? 1;
  const [h = 1, w = 1] = shape.length > 3 ? shape : [1, shape[0]];
  const kernel = Float32Array.from({ length: channels * h * w }, (_, i) => {
    const [channel, place] = [Math.floor(i / (h * w)), i % (h * w)];
    return data[(place * channels + channel) * units + unit] ?? 0;
  });
  const limit = largest(kernel);
  return { values: { shape: [channels, h, w], data: quantised(kernel, limit) }, limit };
}

/** Where a unit answers most strongly, by row and column of its map. */
export function strongestPlace({ shape, data }: Bytes, unit: number): [number, number] {
  const [h = 1, w = 1] = shape.length > 2 ? shape.slice(1) : [1, shape[1]];
  let best = 0;
  let most = -1;
  for (let i = 0; i < h * w; i++) {
    const size = Math.abs((data[unit * h * w + i] ?? 0) - 127.5);
    if (size > most) [best, most] = [i, size];
  }
  return [Math.floor(best / w), best % w];
}

/** A map of what speaks for (blue) and against (orange), the fainter the less it matters. */
export function overlayPixels({ shape, data }: Bytes, lut: Uint32Array): ImageData {
  const [h = 1, w = 1] = shape.length > 1 ? shape : [1, shape[0]];
  const image = new ImageData(w, h);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < h * w; i++) {
    const byte = data[i] ?? 128;
    const alpha = Math.min(255, Math.round(2.2 * Math.abs(byte - 127.5)));
    pixels[i] = (((lut[byte < 127.5 ? 0 : 255] ?? 0) & 0xffffff) | (alpha << 24)) >>> 0;
  }
  return image;
}
