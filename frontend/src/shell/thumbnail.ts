import { classColor, valueColor } from '../pictures/colors';
import type { DatasetCard } from '../wire/api';

/** The picture of a dataset: its points, small. */

const DOMAIN = 6;
const HEIGHT = 0.8; // of the domain, for the curve of a one-dimensional problem

export function drawThumbnail(canvas: HTMLCanvasElement, card: DatasetCard, dark: boolean): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const size = canvas.clientWidth * devicePixelRatio;
  canvas.width = canvas.height = size;
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
