/** What is drawn by hand, or dropped, as a picture that the network knows from its data. */

import type { Tensor } from '../types';

/** A picture in grey: 0 is empty, 1 is ink. */
export interface Sheet {
  width: number;
  height: number;
  values: Float32Array;
}

interface Bounds {
  left: number;
  top: number;
  right: number; // beyond the last
  bottom: number;
}

const SEEN = 0.1;

function boundsOf({ width, height, values }: Sheet): Bounds | null {
  const bounds = { left: width, top: height, right: 0, bottom: 0 };
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if ((values[y * width + x] ?? 0) < SEEN) continue;
      bounds.left = Math.min(bounds.left, x);
      bounds.right = Math.max(bounds.right, x + 1);
      bounds.top = Math.min(bounds.top, y);
      bounds.bottom = Math.max(bounds.bottom, y + 1);
    }
  return bounds.right ? bounds : null;
}

/** The mean of a sheet over a rectangle of any place, empty outside it. */
function mean(sheet: Sheet, left: number, top: number, right: number, bottom: number): number {
  let [sum, area] = [0, 0];
  for (let y = Math.floor(top); y < bottom; y++)
    for (let x = Math.floor(left); x < right; x++) {
      const wide = Math.min(x + 1, right) - Math.max(x, left);
      const high = Math.min(y + 1, bottom) - Math.max(y, top);
      const inside = x >= 0 && y >= 0 && x < sheet.width && y < sheet.height;
      sum += inside ? wide * high * (sheet.values[y * sheet.width + x] ?? 0) : 0;
      area += wide * high;
    }
  return area ? sum / area : 0;
}

/** The sheet at another scale, its place `origin` on the corner of a picture of this size. */
function resampled(
  sheet: Sheet,
  size: { width: number; height: number },
  scale: number, // places of the sheet to one of the picture
  origin: { x: number; y: number },
): Sheet {
  const values = new Float32Array(size.width * size.height);
  for (let y = 0; y < size.height; y++)
    for (let x = 0; x < size.width; x++) {
      const [left, top] = [origin.x + x * scale, origin.y + y * scale];
      values[y * size.width + x] = mean(sheet, left, top, left + scale, top + scale);
    }
  return { ...size, values };
}

/**
 * As MNIST was made: what is drawn is fitted into the middle of the picture, and its centre of mass
 * is laid on the middle. (LeCun, Cortes and Burges, The MNIST database) What fills the picture is
 * laid on the middle by its edges. share: how much of the picture its longer side takes.
 */
export function centred(sheet: Sheet, width: number, height: number, share = 20 / 28): Sheet {
  const bounds = boundsOf(sheet);
  if (!bounds) return { width, height, values: new Float32Array(width * height) };
  const longest = Math.max(bounds.right - bounds.left, bounds.bottom - bounds.top);
  const scale = longest / (Math.min(width, height) * share);
  const middle = share < ROOMY ? massOf(sheet) : middleOf(bounds);
  const origin = { x: middle.x - (width / 2) * scale, y: middle.y - (height / 2) * scale };
  return resampled(sheet, { width, height }, scale, origin);
}
const ROOMY = 0.85;

/** How much of a picture the longer side of what is on it takes, in the middle of these. */
export function usualShare(sheets: readonly Sheet[]): number {
  const shares = sheets.flatMap((sheet) => {
    const bounds = boundsOf(sheet);
    if (!bounds) return [];
    const longest = Math.max(bounds.right - bounds.left, bounds.bottom - bounds.top);
    return [longest / Math.min(sheet.width, sheet.height)];
  });
  return Math.min(1, shares.sort((a, b) => a - b)[Math.floor(shares.length / 2)] ?? 20 / 28);
}

/** The same of pictures as the page has them: bytes (n, height, width, channels). */
export function shareOfPictures(inputs: Tensor | undefined, shape: readonly number[]): number {
  const [height = 1, width = 1, channels = 1] = shape;
  if (!inputs || `${inputs.shape.slice(1)}` !== `${shape}`) return usualShare([]);
  const pixels = width * height;
  const sheets = Array.from({ length: Math.min(MOST, inputs.shape[0] ?? 0) }, (_, i) => ({
    width,
    height,
    values: Float32Array.from(
      { length: pixels },
      (_, p) => (inputs.data[(i * pixels + p) * channels] ?? 0) / 255,
    ),
  }));
  return usualShare(sheets);
}
const MOST = 64;

const middleOf = ({ left, right, top, bottom }: Bounds) => ({
  x: (left + right) / 2,
  y: (top + bottom) / 2,
});

function massOf({ width, height, values }: Sheet): { x: number; y: number } {
  let [sum, x, y] = [0, 0, 0];
  for (let i = 0; i < width * height; i++) {
    const value = values[i] ?? 0;
    sum += value;
    x += value * ((i % width) + 0.5);
    y += value * (Math.floor(i / width) + 0.5);
  }
  return { x: x / sum, y: y / sum };
}

/** The whole sheet, as large as it fits. */
export function fitted(sheet: Sheet, width: number, height: number): Sheet {
  const scale = Math.max(sheet.width / width, sheet.height / height);
  const origin = { x: (sheet.width - width * scale) / 2, y: (sheet.height - height * scale) / 2 };
  return resampled(sheet, { width, height }, scale, origin);
}

/** Dark strokes on bright paper, as a photograph of writing has, the other way round. */
export function inverted(sheet: Sheet): Sheet {
  const { width, height, values } = sheet;
  const edge: number[] = [];
  for (let x = 0; x < width; x++) edge.push(values[x] ?? 0, values[(height - 1) * width + x] ?? 0);
  for (let y = 0; y < height; y++)
    edge.push(values[y * width] ?? 0, values[(y + 1) * width - 1] ?? 0);
  const paper = edge.reduce((sum, value) => sum + value, 0) / edge.length;
  return paper < 0.5 ? sheet : { ...sheet, values: values.map((value) => 1 - value) };
}

/** What is faint becomes nothing, and the strongest full: paper is seldom white. */
export function stretched(sheet: Sheet): Sheet {
  const high = sheet.values.reduce((most, value) => Math.max(most, value), 0);
  const low = 0.25 * high;
  if (high <= 0) return sheet;
  const values = sheet.values.map((value) => Math.max(0, (value - low) / (high - low)));
  return { ...sheet, values };
}

/** A sheet as the wire has a picture: bytes (h, w, channels) in base64. */
export function encoded({ values }: Sheet, channels: number): string {
  const bytes = Array.from(values, (value) =>
    String.fromCharCode(Math.round(255 * Math.max(0, Math.min(1, value)))).repeat(channels),
  );
  return btoa(bytes.join(''));
}

/** Tokens or numbers as the wire has them, little-endian, in base64. */
export function encodedNumbers(values: Int32Array | Float32Array): string {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
