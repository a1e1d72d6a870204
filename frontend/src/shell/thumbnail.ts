import { inkLut, picturePixels } from '../examples/pixels';
import { classColor, parseHex, valueColor } from '../pictures/colors';
import type { Form } from '../types';
import type { DatasetCard } from '../wire/api';

/** The picture of a dataset: its points, small. */

const DOMAIN = 6;
const HEIGHT = 0.8; // of the domain, for the curve of a one-dimensional problem

export function drawThumbnail(canvas: HTMLCanvasElement, card: DatasetCard, dark: boolean): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const size = canvas.clientWidth * devicePixelRatio;
  canvas.width = canvas.height = size;
  DRAWN[card.form ?? 'points'](context, card, dark);
}

type Draw = (context: CanvasRenderingContext2D, card: DatasetCard, dark: boolean) => void;
const DRAWN: Record<Form, Draw> = {
  points: drawPoints,
  image: drawPicture,
  sequence: drawSequence,
  tokens: drawTokens,
  table: drawTable,
};

function drawPoints(context: CanvasRenderingContext2D, card: DatasetCard, dark: boolean): void {
  const size = context.canvas.width;
  const place = (value: number) => ((value + DOMAIN) / (2 * DOMAIN)) * size;
  const { inputs, labels } = card.preview;
  const top = Math.max(1e-6, ...labels.map(Math.abs));
  const radius = Math.max(1, size / 38);
  for (const [i, point] of inputs.entries()) {
    const [x = 0, y = 0] = point;
    const label = labels[i] ?? 0;
    const height = card.dimensions === 1 ? (label / top) * DOMAIN * HEIGHT : y;
    context.fillStyle =
      card.problem === 'classification' ? classColor(label, dark) : valueColor(label / top, dark);
    context.beginPath();
    context.arc(place(x), size - place(height), radius, 0, 2 * Math.PI);
    context.fill();
  }
}

/** The first example in crisp pixels. */
function drawPicture(context: CanvasRenderingContext2D, card: DatasetCard, dark: boolean): void {
  const lut = inkLut(
    parseHex(dark ? '#161c22' : '#ffffff'),
    parseHex(dark ? '#e9eef2' : '#17212b'),
  );
  const data = Uint8Array.from(card.preview.inputs[0] ?? []);
  const image = picturePixels({ shape: card.input_shape, data }, lut);
  const small = new OffscreenCanvas(image.width, image.height);
  small.getContext('2d')?.putImageData(image, 0, 0);
  const { width } = context.canvas;
  context.imageSmoothingEnabled = image.width > width / 2;
  context.drawImage(small, 0, 0, width, width);
}

/** The first example: a line per feature. */
function drawSequence(context: CanvasRenderingContext2D, card: DatasetCard, dark: boolean): void {
  const { width } = context.canvas;
  const [time = 1, features = 1] = card.input_shape;
  const values = card.preview.inputs[0] ?? [];
  const low = Math.min(0, ...values);
  const high = Math.max(low + 1e-6, ...values);
  context.lineWidth = Math.max(1, width / 38);
  for (let k = 0; k < features; k++) {
    context.strokeStyle = classColor(1 - k, dark);
    context.beginPath();
    for (let t = 0; t < time; t++) {
      const share = ((values[t * features + k] ?? 0) - low) / (high - low);
      context.lineTo((t / Math.max(1, time - 1)) * width, width * (0.9 - 0.8 * share));
    }
    context.stroke();
  }
}

const MOST_TOKENS = 16;

/** A row an example, a cell a token, of many the last: the same one has the same shade. */
function drawTokens(context: CanvasRenderingContext2D, card: DatasetCard, dark: boolean): void {
  const { width } = context.canvas;
  const rows = card.preview.inputs.slice(0, 6).map((row) => row.slice(-MOST_TOKENS));
  const time = rows[0]?.length ?? 1;
  const most = Math.max(1, ...rows.flat());
  const side = width / Math.max(time, rows.length);
  for (const [r, row] of rows.entries())
    for (const [t, token] of row.entries()) {
      context.fillStyle = valueColor((2 * token) / most - 1, dark);
      context.fillRect(
        t * side + 0.5,
        (r + 0.5) * (width / rows.length) - side / 2,
        side - 1,
        side - 1,
      );
    }
}

/** A sheet: a head, then rows in whose cells a value is a shade, of its column's own span. */
function drawTable(context: CanvasRenderingContext2D, card: DatasetCard, dark: boolean): void {
  const { width } = context.canvas;
  const rows = card.preview.inputs.slice(0, 6);
  const columns = Math.min(4, rows[0]?.length ?? 0);
  const values = rows.map((row, r) => [...row.slice(0, columns), card.preview.labels[r] ?? 0]);
  const [high, wide] = [width / (rows.length + 1), width / (columns + 1)];
  const gap = Math.max(1, width / 60);
  context.fillStyle = dark ? '#919da8' : '#616d79';
  context.fillRect(0, 0, width, high - gap);
  for (let c = 0; c <= columns; c++) {
    const column = values.map((row) => row[c] ?? 0);
    const [low, top] = [Math.min(...column), Math.max(...column)];
    for (const [r, value] of column.entries()) {
      const share = (value - low) / (top - low || 1);
      const own = c === columns && card.problem === 'classification';
      context.fillStyle = own ? classColor(value, dark) : valueColor(2 * share - 1, dark);
      context.fillRect(c * wide, (r + 1) * high, wide - gap, high - gap);
    }
  }
}
