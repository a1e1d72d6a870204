/** Painting small maps fast: one ImageData of the map's own size, scaled by the browser. */

import type { Bytes, Floats } from '../types';
import { paint } from './colors';

/** One map out of a stack (n, h, w), or the map (h, w) itself. No copy. */
export function slice(stack: Bytes, index: number): { values: Uint8Array; h: number; w: number } {
  const [h = 0, w = 0] = stack.shape.slice(-2);
  return { values: stack.data.subarray(index * h * w, (index + 1) * h * w), h, w };
}

/** One row out of (n, size). No copy. */
export function row(stack: Floats, index: number): Float32Array {
  const size = stack.shape.at(-1) ?? 0;
  return stack.data.subarray(index * size, (index + 1) * size);
}

interface Scratch {
  canvas: HTMLCanvasElement;
  context: CanvasRenderingContext2D;
  image: ImageData;
  pixels: Uint32Array;
}

const scratches = new Map<string, Scratch>();

function scratch(w: number, h: number): Scratch {
  const key = `${w}x${h}`;
  const known = scratches.get(key);
  if (known) return known;
  const canvas = document.createElement('canvas');
  canvas.width = w;
  canvas.height = h;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('this browser gives no 2-D canvas');
  const image = context.createImageData(w, h);
  const made = { canvas, context, image, pixels: new Uint32Array(image.data.buffer) };
  scratches.set(key, made);
  return made;
}

/**
 * Paint a quantised map over the whole of `context`'s canvas. The outermost samples lie
 * on the edges of the domain, so half a sample is cut off all round.
 */
export function drawHeat(
  context: CanvasRenderingContext2D,
  map: { values: Uint8Array; h: number; w: number },
  lut: Uint32Array,
): void {
  const { canvas, context: from, image, pixels } = scratch(map.w, map.h);
  paint(map.values, lut, pixels);
  from.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(
    canvas,
    0.5,
    0.5,
    map.w - 1,
    map.h - 1,
    0,
    0,
    context.canvas.width,
    context.canvas.height,
  ); // prettier-ignore
}

/** A value in [-1, 1] over x as a line with its zero line, for one-dimensional problems. */
export function drawLine(
  context: CanvasRenderingContext2D,
  values: Float32Array,
  colors: { line: string; zero: string; background: string },
): void {
  const { width, height } = context.canvas;
  const y = (v: number) => ((1 - Math.max(-1, Math.min(1, v))) / 2) * (height - 4) + 2;
  context.fillStyle = colors.background;
  context.fillRect(0, 0, width, height);
  context.strokeStyle = colors.zero;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(0, y(0));
  context.lineTo(width, y(0));
  context.stroke();
  context.strokeStyle = colors.line;
  context.lineWidth = Math.max(1.5, width / 30);
  context.beginPath();
  values.forEach((v, i) => {
    context.lineTo((i / (values.length - 1)) * width, y(v));
  });
  context.stroke();
}
