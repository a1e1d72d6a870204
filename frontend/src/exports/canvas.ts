/** What needs a canvas: maps as images inside a picture, and a picture as PNG. */

import { inkLut, lineOf, mapPixels, picturePixels } from '../examples/pixels';
import type { Picture as UnitPicture } from '../network/pictures';
import { discreteLut, divergingLut, parseHex } from '../pictures/colors';
import { paintField, paintWinner, resample } from '../pictures/field';
import { drawHeat, drawLine, row, slice } from '../pictures/heat';
import type { Plane } from '../pictures/surface';
import type { Bytes, Floats, Session, Tensor } from '../types';
import type { Look } from './look';

const PLANE = 480;
const TILE = 96;
/** Pixels of a PNG for each of the picture. */
const SCALE = 2;

function canvas(width: number, height: number): [HTMLCanvasElement, CanvasRenderingContext2D] {
  const made = document.createElement('canvas');
  made.width = width;
  made.height = height;
  const context = made.getContext('2d');
  if (!context) throw new Error('this browser gives no 2-D canvas');
  return [made, context];
}

/** The plane as the page paints it. */
export function planeImage(
  plane: Plane,
  discretize: boolean,
  look: Look,
  colors?: Uint32Array,
): string {
  const [made, context] = canvas(PLANE, PLANE);
  const image = context.createImageData(PLANE, PLANE);
  const pixels = new Uint32Array(image.data.buffer);
  const fields = plane.maps.map((map) => {
    const field = new Float32Array(PLANE * PLANE);
    resample(map, plane.size, PLANE, field);
    return field;
  });
  const [single] = fields;
  const lut = colors ?? (discretize ? discreteLut(look.dark) : divergingLut(look.dark));
  if (fields.length > 1) paintWinner(fields, look.dark, discretize, pixels);
  else if (single) paintField(single, lut, pixels);
  context.putImageData(image, 0, 0);
  return made.toDataURL();
}

/** One unit's or feature's map. */
export function tileImage({ map, index, lut }: UnitPicture, look: Look): string {
  const [made, context] = canvas(TILE, TILE);
  if (map.data instanceof Uint8Array)
    drawHeat(context, slice(map as Bytes, index), lut ?? divergingLut(look.dark));
  else
    drawLine(context, row(map as Floats, index), {
      line: look.ink,
      zero: look.line,
      background: look.paper,
    });
  return made.toDataURL();
}

/** What one unit answers to an example: a map in its pixels, a line over time, or one colour. */
export function mapImage(values: Bytes | undefined, unit: number, look: Look): string | null {
  if (!values || unit >= (values.shape[0] ?? 0)) return null;
  if (values.shape.length === 2) {
    const [made, context] = canvas(TILE, TILE);
    const colors = { line: look.ink, zero: look.line, background: look.paper };
    drawLine(context, lineOf(values, unit), colors);
    return made.toDataURL();
  }
  return enlarged(mapPixels(values, unit, divergingLut(look.dark)));
}

/** A picture among the examples; null of other forms. */
export function exampleImage(input: Tensor, { form }: Session, look: Look): string | null {
  if (form !== 'image') return null;
  const [paper, ink] = look.dark ? ['#10161b', '#e9eef2'] : ['#ffffff', '#17212b'];
  return enlarged(picturePixels(input, inkLut(parseHex(paper), parseHex(ink))));
}

/** A canvas whose pixels are squares on the screen, as squares in a picture, too. */
export function squares(shown: HTMLCanvasElement, width: number): string {
  const scale = Math.max(1, Math.round((SCALE * width) / shown.width));
  const [made, context] = canvas(scale * shown.width, scale * shown.height);
  context.imageSmoothingEnabled = false;
  context.drawImage(shown, 0, 0, made.width, made.height);
  return made.toDataURL();
}

/** As many whole pixels for each as a tile has room for. */
function enlarged(image: ImageData): string {
  const scale = Math.max(1, Math.floor((2 * TILE) / Math.max(image.width, image.height)));
  const [small, from] = canvas(image.width, image.height);
  from.putImageData(image, 0, 0);
  const [made, context] = canvas(scale * image.width, scale * image.height);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, made.width, made.height);
  return made.toDataURL();
}

/** A picture as PNG, twice as fine as it is shown. */
export async function png(svg: string): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const [made, context] = canvas(image.width * SCALE, image.height * SCALE);
    context.drawImage(image, 0, 0, made.width, made.height);
    return await new Promise((resolve, reject) => {
      made.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture was made'))));
    });
  } finally {
    URL.revokeObjectURL(url);
  }
}
