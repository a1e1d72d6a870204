import type { DatasetCard } from '../wire/api';

/** The picture of a dataset: its points, small. */

const DOMAIN = 6;

export interface Palette {
  classes: string[];
  neg: string;
  zero: string;
  pos: string;
}

export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(name).trim();
  return {
    classes: Array.from({ length: 6 }, (_, i) => color(`--class-${i}`)),
    neg: color('--neg'),
    zero: color('--zero'),
    pos: color('--pos'),
  };
}

export function drawThumbnail(canvas: HTMLCanvasElement, card: DatasetCard, palette: Palette) {
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
    const height = card.dimensions === 1 ? (label / top) * DOMAIN * 0.8 : y;
    context.fillStyle = colorOf(card, label / top, label, palette);
    context.beginPath();
    context.arc(place(x), size - place(height), radius, 0, 2 * Math.PI);
    context.fill();
  }
}

function colorOf(card: DatasetCard, share: number, label: number, palette: Palette): string {
  if (card.problem === 'classification') return palette.classes[label % 6] ?? palette.pos;
  const end = share < 0 ? palette.neg : palette.pos;
  return `color-mix(in srgb, ${end} ${Math.round(Math.abs(share) * 100)}%, ${palette.zero})`;
}
