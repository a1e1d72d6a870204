import { type Column, type Layout, STRIP } from './geometry';
import {
  BIAS_SIZE,
  type Bias,
  biasAt,
  biasOf,
  type Hit,
  type Link,
  linkWidth,
  spanOf,
  strongest,
  type Weights,
  weightOf,
} from './links';

export interface Scene {
  place: Layout;
  links: Link[][];
  /** Between which columns there is one band instead of links. */
  bands: readonly boolean[];
  skips: readonly Skip[];
  biases: Bias[];
  weights: Weights;
  /** Links of this unit stand out: column on the screen (0: features) and row or unit. */
  focus: { column: number; unit: number } | null;
  hit: Hit | null;
  ink: Ink;
  /** Visible part, in px of the stage. */
  view: { left: number; width: number };
}

/** What a column also takes: columns count the features or the example as 0. */
export interface Skip {
  from: number;
  to: number;
}

export interface Ink {
  positive: string;
  negative: string;
  unknown: string;
  paper: string;
}

const LEVELS = 14; // widths that can be told apart; links of one are drawn in one stroke
const SPEED = 28; // px a second that the dashes flow
const DASH = [7, 4];
/** With more links in sight than this only strong ones flow, in every second frame. */
const MANY = 240;
const STRONG = 2; // level
const PAUSE = 30; // ms

/** Draws the links and biases of the network on one canvas. */
export class Painter {
  #canvas: HTMLCanvasElement;
  #context: CanvasRenderingContext2D | null;
  #scene: Scene | null = null;
  #positions: () => readonly number[];
  #flowing = false;
  #frame = 0;
  #due = false; // something other than the dashes has changed
  #painted = 0;
  #pause = 0;

  /** positions: centres of the columns now. */
  constructor(canvas: HTMLCanvasElement, positions: () => readonly number[]) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d');
    this.#positions = positions;
  }

  show(scene: Scene): void {
    this.#scene = scene;
    this.redraw();
  }

  /** Let the dashes flow, or stand. */
  flow(flowing: boolean): void {
    this.#flowing = flowing;
    this.redraw();
  }

  redraw(): void {
    this.#due = true;
    this.#schedule();
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = -1;
  }

  #schedule(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(this.#paint);
  }

  #paint = (time: number): void => {
    this.#frame = 0;
    if (this.#flowing) this.#schedule();
    const context = this.#context;
    const scene = this.#scene;
    if (!context || !scene) return;
    if (!this.#due && time - this.#painted < this.#pause) return;
    this.#due = false;
    this.#painted = time;
    const seen = scene.links.filter((_, layer) => inSight(scene, this.#positions(), layer));
    const crowded = seen.reduce((sum, pair) => sum + pair.length, 0) > MANY;
    this.#pause = crowded ? PAUSE : 0;
    resize(this.#canvas, context, scene.place);
    context.clearRect(0, 0, scene.place.width, scene.place.height);
    const least = this.#flowing ? (crowded ? STRONG : 1) : Number.POSITIVE_INFINITY;
    drawBands(context, scene, this.#positions());
    drawSkips(context, scene, this.#positions());
    drawLinks(context, scene, this.#positions(), { offset: -(time / 1000) * SPEED, least });
    drawBiases(context, scene, this.#positions());
  };
}

function resize(canvas: HTMLCanvasElement, context: CanvasRenderingContext2D, place: Layout): void {
  const scale = Math.min(2, devicePixelRatio || 1);
  const width = Math.round(place.width * scale);
  const height = Math.round(place.height * scale);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  context.setTransform(scale, 0, 0, scale, 0, 0);
}

const BAND = 0.14; // alpha

/** Everything is joined to everything: one soft band from column to column. */
function drawBands(context: CanvasRenderingContext2D, scene: Scene, xs: readonly number[]): void {
  context.fillStyle = scene.ink.unknown;
  for (const [layer, band] of scene.bands.entries()) {
    const [from, to] = scene.place.columns.slice(layer, layer + 2);
    if (!band || !from || !to || !inSight(scene, xs, layer)) continue;
    const { x0, x1 } = spanOf(scene.place, xs, layer);
    const middle = (x0 + x1) / 2;
    const [a, b] = [endsOf(from), endsOf(to)];
    context.globalAlpha = emphasised(scene, layer) ? 2 * BAND : BAND;
    context.beginPath();
    context.moveTo(x0, a.top);
    context.bezierCurveTo(middle, a.top, middle, b.top, x1, b.top);
    context.lineTo(x1, b.bottom);
    context.bezierCurveTo(middle, b.bottom, middle, a.bottom, x0, a.bottom);
    context.fill();
  }
  context.globalAlpha = 1;
}

function emphasised({ focus }: Scene, layer: number): boolean {
  return focus !== null && (focus.column === layer || focus.column === layer + 1);
}

/** From where to where the tiles of a column are, less their corners. */
export function endsOf({ ys, tile }: Column): { top: number; bottom: number } {
  return { top: (ys[0] ?? 0) - tile / 2 + 3, bottom: (ys.at(-1) ?? 0) + tile / 2 - 3 };
}

/** Arcs under the tiles, from the layer whose output is taken as well to the one that takes it. */
function drawSkips(context: CanvasRenderingContext2D, scene: Scene, xs: readonly number[]): void {
  context.strokeStyle = scene.ink.unknown;
  context.fillStyle = scene.ink.unknown;
  context.lineWidth = 2;
  for (const [i, { from, to }] of scene.skips.entries()) {
    const path = skipPath(scene, xs, { from, to }, i);
    context.stroke(new Path2D(path.line));
    context.fill(new Path2D(path.head));
  }
}

const ARC = 10; // px between two of them

/** An arc and the head of its arrow, as SVG paths. */
export function skipPath(
  { place }: Pick<Scene, 'place'>,
  xs: readonly number[],
  { from, to }: Skip,
  rank: number,
): { line: string; head: string } {
  const between = place.columns.slice(from, to + 1);
  const lowest = Math.max(...between.map(lowestOf));
  const y = Math.min(place.height - 8, lowest + 18 + ARC * rank);
  const [x0, x1] = [xs[from] ?? 0, xs[to] ?? 0];
  const [y0, y1] = [from, to].map((one) => {
    const column = place.columns[one];
    return column ? lowestOf(column) + 4 : y;
  }) as [number, number];
  const bend = Math.min(24, (x1 - x0) / 3);
  return {
    line: `M${x0} ${y0}C${x0} ${y} ${x0} ${y} ${x0 + bend} ${y}L${x1 - bend} ${y}C${x1} ${y} ${x1} ${y} ${x1} ${y1 + 5}`,
    head: `M${x1} ${y1}l4.5 8h-9z`,
  };
}

function lowestOf(column: Column): number {
  return column.rest > 0 ? column.stripY + STRIP - 8 : (column.ys.at(-1) ?? 0) + column.tile / 2;
}

/** Links of one look, drawn at once. */
interface Bundle {
  path: Path2D;
  level: number;
  colour: string;
  width: number;
  alpha: number;
}

function drawLinks(
  context: CanvasRenderingContext2D,
  scene: Scene,
  xs: readonly number[],
  dash: { offset: number; least: number }, // hairlines below this level would only flicker
): void {
  const bundles = bundle(scene, xs);
  for (const { path, level, colour, width, alpha } of bundles) {
    const flows = level >= dash.least;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.globalAlpha = flows ? alpha * 0.5 : alpha;
    context.stroke(path);
    if (!flows) continue;
    context.globalAlpha = alpha;
    context.setLineDash(DASH);
    context.lineDashOffset = dash.offset;
    context.stroke(path);
    context.setLineDash([]);
  }
  context.globalAlpha = 1;
}

function inSight(scene: Scene, xs: readonly number[], layer: number): boolean {
  const { x0, x1 } = spanOf(scene.place, xs, layer);
  return x1 >= scene.view.left && x0 <= scene.view.left + scene.view.width;
}

function bundle(scene: Scene, xs: readonly number[]): Bundle[] {
  const bundles = new Map<number, Bundle>();
  const hot = scene.hit?.type === 'link' ? scene.hit.link : null;
  for (const [layer, pair] of scene.links.entries()) {
    if (!inSight(scene, xs, layer)) continue;
    const span = spanOf(scene.place, xs, layer);
    const weights = scene.weights[layer] ?? null;
    const middle = (span.x0 + span.x1) / 2;
    for (const link of strongest(pair, weights)) {
      const w = weightOf(link, weights);
      const path = bundleFor(bundles, w, emphasis(scene, link, hot), scene.ink).path;
      path.moveTo(span.x0, link.y0);
      path.bezierCurveTo(middle, link.y0, middle, link.y1, span.x1, link.y1);
    }
  }
  return [...bundles].sort((a, b) => a[0] - b[0]).map(([, one]) => one);
}

/** 0: aside, 1: as usual, 2: what is pointed at. */
type Emphasis = 0 | 1 | 2;

function emphasis(scene: Scene, link: Link, hot: Link | null): Emphasis {
  if (hot)
    return hot.layer === link.layer && hot.row === link.row && hot.unit === link.unit ? 2 : 1;
  if (!scene.focus) return 1;
  const { column, unit } = scene.focus;
  const into = link.layer === column - 1 && link.unit === unit;
  const out = link.layer === column && link.row === unit;
  return into || out ? 2 : 0;
}

function bundleFor(
  bundles: Map<number, Bundle>,
  w: number | null,
  strength: Emphasis,
  ink: Ink,
): Bundle {
  const level = w === null ? 0 : Math.round((Math.min(5, Math.abs(w)) / 5) * LEVELS);
  const sign = w === null ? 2 : w < 0 ? 1 : 0;
  const key = strength * 100 + level * 3 + sign;
  const known = bundles.get(key);
  if (known) return known;
  const made = {
    path: new Path2D(),
    level,
    colour: [ink.positive, ink.negative, ink.unknown][sign] as string,
    width: linkWidth((level / LEVELS) * 5) + (strength === 2 ? 0.8 : 0),
    alpha: alphaOf(w === null ? 0 : level, strength),
  };
  bundles.set(key, made);
  return made;
}

function alphaOf(level: number, strength: Emphasis): number {
  if (strength === 2) return 1;
  const usual = 0.35 + 0.6 * Math.min(1, level / 4);
  return strength === 1 ? usual : usual * 0.18;
}

function drawBiases(context: CanvasRenderingContext2D, scene: Scene, xs: readonly number[]): void {
  const { ink } = scene;
  const hot = scene.hit?.type === 'bias' ? scene.hit.bias : null;
  for (const bias of scene.biases) {
    const b = biasOf(bias, scene.weights[bias.layer]);
    const { x, y } = biasAt(scene.place, xs, bias);
    const half = BIAS_SIZE / 2 + (hot?.layer === bias.layer && hot.unit === bias.unit ? 1.5 : 0);
    context.fillStyle = ink.paper;
    context.fillRect(x - half - 1.5, y - half - 1.5, 2 * half + 3, 2 * half + 3);
    context.globalAlpha = b === null ? 0.4 : 0.25 + 0.75 * Math.min(1, Math.abs(b));
    context.fillStyle = b === null ? ink.unknown : b < 0 ? ink.negative : ink.positive;
    context.fillRect(x - half, y - half, 2 * half, 2 * half);
    context.globalAlpha = 1;
  }
}
