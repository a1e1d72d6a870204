/** The outcome as a picture: what the network answers, with the points and a key to the colours. */

import { scaleLinear } from 'd3-scale';
import type { Place, Shape } from '../generation/shapes';
import { classColor, className, css, neutral, valueColor } from '../pictures/colors';
import { contourLines, margins } from '../pictures/contours';
import type { Part } from '../pictures/nearest';
import { formatShort } from '../pictures/numbers';
import { markerPath, pointColor, RADIUS } from '../pictures/points';
import { type Picture, type Plane, widened } from '../pictures/surface';
import type { Points, Session } from '../types';
import { type Axis, axes, type Frame } from './axes';
import type { Look } from './look';
import { label, picture, polyline, tag } from './svg';

/** Shapes below and above the points. */
export interface Laid {
  under: (place: Place) => Shape[];
  over: (place: Place) => Shape[];
}

export interface Shown {
  title: string;
  output: Picture;
  /** The class that it is of, where it is of one alone. */
  picked: number | null;
  /** The plane, painted: a data URL. */
  image: string | null;
  points: Points | null;
  parts: readonly Part[];
  contours: boolean;
  /** Two colours only. */
  discretize: boolean;
  laid?: Laid;
}

const SIZE = { width: 560, height: 600 };
const FRAME: Frame = { left: 58, top: 50, width: 480, height: 480 };
const LEVELS = 7;
/** The colours lie thin on the paper, as on the page, so that points stand out. */
const THIN = 0.7;

export function surfaceSvg(shown: Shown, session: Session, look: Look): string {
  const flat = session.dimensions === 2;
  const x = axis(session.domain, [FRAME.left, FRAME.left + FRAME.width], 'x');
  const [low, high] = flat ? session.domain : widened(shown.output.range);
  const y = axis([low, high], [FRAME.top + FRAME.height, FRAME.top], flat ? 'y' : 'f');
  const plane = shown.output.type === 'plane' ? shown.output : null;
  const inside = [
    shown.image ? image(shown.image) : '',
    plane && shown.contours ? contours(plane, session, x, y, look) : '',
    shapes(shown.laid?.under, x, y),
    shown.points ? points(shown.points, shown.parts, session, x, y, look) : '',
    shapes(shown.laid?.over, x, y),
    shown.output.type === 'lines' ? curves(shown.output.curves, x, y, look, session) : '',
  ];
  const heading = { x: 20, y: 32, 'font-size': 17, 'font-weight': 600, fill: look.ink };
  return picture(SIZE, look.paper, shown.title, [
    label(shown.title, heading),
    tag('clipPath', { id: 'plot' }, tag('rect', { ...place(), fill: 'none' })),
    tag('g', { 'clip-path': 'url(#plot)' }, ...inside),
    axes(FRAME, x, y, look),
    plane ? legend(plane, shown, look) : '',
  ]);
}

function shapes(of: Laid['under'] | undefined, x: Axis, y: Axis): string {
  const found = of?.((a, b) => [x.scale(a), y.scale(b)]) ?? [];
  return found
    .map(({ d, fill, stroke, width, alpha, dash }) =>
      tag('path', {
        d,
        fill: fill ?? 'none',
        ...(stroke ? { stroke, 'stroke-width': width ?? 1, 'stroke-linejoin': 'round' } : {}),
        ...(dash ? { 'stroke-dasharray': dash.join(' ') } : {}),
        ...(alpha === undefined ? {} : { opacity: alpha }),
      }),
    )
    .join('');
}

function place() {
  const { left: x, top: y, width, height } = FRAME;
  return { x, y, width, height };
}

function image(href: string): string {
  return tag('image', { ...place(), href, opacity: THIN, preserveAspectRatio: 'none' });
}

function axis(domain: readonly [number, number], range: [number, number], title: string): Axis {
  const scale = scaleLinear(domain, range);
  return { scale, ticks: scale.ticks(6), title, write: scale.tickFormat(6) };
}

function contours(plane: Plane, session: Session, x: Axis, y: Axis, look: Look): string {
  const { maps, size } = plane;
  const [single] = maps;
  const borders = maps.length > 1 || !single;
  const found = borders
    ? margins(maps).flatMap((map) => contourLines(map, size, [0], session.domain))
    : contourLines(single, size, levels(), session.domain);
  const strong = (level: number) => borders || level === 127.5;
  return found
    .map(({ value, lines }) => {
      const d = lines.map((line) => polyline(line.map(([a, b]) => [x.scale(a), y.scale(b)])));
      return tag('path', {
        d: d.join(''),
        fill: 'none',
        stroke: look.dark ? '#ffffff' : '#17212b',
        'stroke-width': strong(value) ? 1.8 : 0.8,
        opacity: strong(value) ? 0.85 : 0.38,
      });
    })
    .join('');
}

/** Bytes at equal distances; the middle one is the decision boundary of two classes. */
function levels(): number[] {
  return Array.from({ length: LEVELS }, (_, i) => (255 * (i + 1)) / (LEVELS + 1));
}

/** Collects a path as text where the page draws it on a canvas. */
class Pen {
  d = '';
  moveTo(x: number, y: number): void {
    this.d += `M${x.toFixed(2)} ${y.toFixed(2)}`;
  }
  lineTo(x: number, y: number): void {
    this.d += `L${x.toFixed(2)} ${y.toFixed(2)}`;
  }
  closePath(): void {
    this.d += 'Z';
  }
  rect(x: number, y: number, w: number, h: number): void {
    this.moveTo(x, y);
    this.d += `h${w.toFixed(2)}v${h.toFixed(2)}h${(-w).toFixed(2)}Z`;
  }
  arc(x: number, y: number, r: number): void {
    const half = `A${r} ${r} 0 1 1 `;
    this.moveTo(x + r, y);
    this.d += `${half}${(x - r).toFixed(2)} ${y.toFixed(2)}${half}${(x + r).toFixed(2)} ${y.toFixed(2)}Z`;
  }
}

function points(
  { inputs, labels, split }: Points,
  parts: readonly Part[],
  session: Session,
  x: Axis,
  y: Axis,
  look: Look,
): string {
  const [count = 0, dimensions = 2] = inputs.shape;
  const at = (i: number) =>
    [
      inputs.data[i * dimensions] as number,
      dimensions > 1 ? (inputs.data[i * dimensions + 1] as number) : (labels.data[i] as number),
    ] as const;
  const drawn = parts.flatMap((part) =>
    Array.from({ length: count }, (_, i) => i)
      .filter((i) => split.data[i] === part)
      .map((i) => {
        const [px, py] = at(i);
        const pen = new Pen();
        markerPath(pen as unknown as CanvasPath, part, x.scale(px), y.scale(py), RADIUS);
        const stroke = part === 0 ? '#ffffff' : '#0b1015';
        const fill = pointColor(session, labels.data[i] as number, look.dark);
        return tag('path', { d: pen.d, fill, stroke, 'stroke-width': part === 0 ? 0.8 : 1.1 });
      }),
  );
  return drawn.join('');
}

function curves(
  lines: readonly Float32Array[],
  x: Axis,
  y: Axis,
  look: Look,
  session: Session,
): string {
  const [low, high] = session.domain;
  return lines
    .map((line, k) => {
      const dots = Array.from(line, (value, i) => {
        const at = low + ((high - low) * i) / (line.length - 1);
        return Number.isFinite(value) ? ([x.scale(at), y.scale(value)] as const) : null;
      });
      const stroke = lines.length > 1 ? classColor(k, look.dark) : look.ink;
      return tag('path', { d: polyline(dots), fill: 'none', stroke, 'stroke-width': 2.5 });
    })
    .join('');
}

function legend(plane: Plane, { discretize, picked }: Shown, look: Look): string {
  const words = { 'font-size': 11, fill: look.muted, y: 585 };
  if (plane.maps.length > 1) {
    return plane.maps
      .map((_, k) => {
        const left = FRAME.left + k * 78;
        const dot = tag('circle', { cx: left + 5, cy: 581, r: 5, fill: classColor(k, look.dark) });
        return dot + label(className(k), { ...words, x: left + 15 });
      })
      .join('');
  }
  const [low, high] = plane.range;
  const left = FRAME.left + 40;
  const values = (discretize ? [-1, -1, 1, 1] : [-1, 0, 1]).map((v) => valueColor(v, look.dark));
  const ofClass = picked !== null && [css(neutral(look.dark)), classColor(picked, look.dark)];
  const colours = ofClass || values;
  const offsets = ofClass ? [0, 1] : discretize ? [0, 0.5, 0.5, 1] : [0, 0.5, 1];
  const stops = colours.map((colour, i) =>
    tag('stop', { offset: offsets[i], 'stop-color': colour }),
  );
  const bar = { x: left, y: 576, width: FRAME.width - 80, height: 10, opacity: THIN };
  return [
    tag('linearGradient', { id: 'values' }, ...stops),
    tag('rect', { ...bar, fill: 'url(#values)' }),
    label(formatShort(low), { ...words, x: left - 6, 'text-anchor': 'end' }),
    label(formatShort(high), { ...words, x: FRAME.left + FRAME.width - 34 }),
  ].join('');
}
