import type { Layout } from './geometry';
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
  biases: Bias[];
  weights: Weights;
  /** Links of this unit stand out: column on the screen (0: features) and row or unit. */
  focus: { column: number; unit: number } | null;
  hit: Hit | null;
  ink: Ink;
  /** Visible part, in px of the stage. */
  view: { left: number; width: number };
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
