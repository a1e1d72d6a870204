/** The network as a picture: every unit's map, every weight, as the page draws them. */

import { type Column, type Layout, layout, TOP } from '../network/geometry';
import {
  BIAS_SIZE,
  biasAt,
  biasesOf,
  biasOf,
  type Link,
  linksOf,
  linkWidth,
  spanOf,
  strongest,
  type Weights,
  weightOf,
} from '../network/links';
import { endsOf, type Skip, skipPath } from '../network/painter';
import { NEGATIVE, POSITIVE, POSITIVE_DARK } from '../pictures/colors';
import type { Session } from '../types';
import type { Look } from './look';
import { label, picture, tag } from './svg';

export interface Drawing {
  /** Titles of the features that are on. */
  features: readonly string[];
  /** "Tanh" and so on, of every layer, output last. */
  activations: readonly string[];
  /** What the first column is called, where that is not what it is of a network. */
  given?: string;
  /** A data URL of a unit's map; column 0 are the features. */
  image: (column: number, unit: number) => string | null;
  weights: Weights;
  /** A data URL of the example, where one stands for the features. */
  example?: string | null;
  /** What every layer gives, where that is not its units. */
  counts?: readonly string[];
  /** Layers that are drawn smaller. */
  small?: readonly boolean[];
  skips?: readonly Skip[];
}

/** More units than this of a layer are counted, not drawn. */
const MOST_ROWS = 16;
const ROW = 62;
const STEP = 150;
/** Between a name and its tile, and the width of one of its letters, about. */
const NAME_GAP = 8;
const LETTER = 6.4;

export function networkSvg(drawing: Drawing, session: Session, look: Look): string {
  const { layers } = session.graph;
  const place = arranged(drawing, layers);
  const xs = place.columns.map((column) => column.x);
  const title = `Network: ${['features', ...layers.map((layer) => layer.units)].join(', ')}`;
  const aside = roomForNames(drawing, place);
  const size = { width: place.width + aside, height: place.height };
  const rows = drawing.features.map((_, i) => i);
  const drawn = [
    ...linksOf(place, rows).map((pair, i) =>
      isBand(drawing, i)
        ? band(i, place, xs, look)
        : links(pair, i, place, xs, drawing.weights, look),
    ),
    ...(drawing.skips ?? []).map((skip, i) => arc(skip, i, place, xs, look)),
    biases(place, xs, drawing, look),
    ...place.columns.map((column, i) => tiles(column, i, drawing, look)),
    ...place.columns.map((column, i) => head(column, i, drawing, session, look)),
  ];
  const moved = tag('g', { transform: `translate(${aside} 0)` }, ...drawn);
  return picture(size, look.paper, title, aside ? [moved] : drawn);
}

/** How much wider it is where names are longer than the place beside their tiles, about. */
function roomForNames({ features }: Drawing, { columns }: Layout): number {
  const [first] = columns;
  const longest = Math.max(0, ...features.map(({ length }) => length));
  const there = first ? first.x - first.tile / 2 - NAME_GAP : 0;
  return Math.max(0, Math.ceil(longest * LETTER + NAME_GAP - there));
}

/** Of points never; else where there are no weights from unit to unit to draw. */
const isBand = ({ example, counts, weights }: Drawing, layer: number): boolean =>
  (example !== undefined || counts !== undefined) && !weights[layer];

function band(layer: number, place: Layout, xs: readonly number[], look: Look): string {
  const [from, to] = place.columns.slice(layer, layer + 2);
  if (!from || !to) return '';
  const { x0, x1 } = spanOf(place, xs, layer);
  const [middle, a, b] = [(x0 + x1) / 2, endsOf(from), endsOf(to)];
  const d =
    `M${x0} ${a.top}C${middle} ${a.top} ${middle} ${b.top} ${x1} ${b.top}L${x1} ${b.bottom}` +
    `C${middle} ${b.bottom} ${middle} ${a.bottom} ${x0} ${a.bottom}Z`;
  return tag('path', { d, fill: look.edge, opacity: 0.14 });
}

function arc(skip: Skip, rank: number, place: Layout, xs: readonly number[], look: Look): string {
  const { line, head } = skipPath({ place }, xs, skip, rank);
  const stroke = { d: line, fill: 'none', stroke: look.edge, 'stroke-width': 2 };
  return tag('path', stroke) + tag('path', { d: head, fill: look.edge });
}

function arranged(drawing: Drawing, layers: Session['graph']['layers']): Layout {
  const features = drawing.features.length;
  const units = [features, ...layers.map((layer) => layer.units)];
  const most = Math.min(MOST_ROWS, Math.max(...units));
  return layout({
    width: 190 + STEP * (units.length - 1),
    height: TOP + ROW * Math.max(3, most) + 30,
    features,
    example: drawing.example !== undefined,
    layers: layers
      .slice(0, -1)
      .map(({ units }, i) => ({ units, small: drawing.small?.[i] ?? false })),
    output: { units: layers.at(-1)?.units ?? 1 },
  });
}

function colour(value: number | null, look: Look): string {
  if (value === null) return look.edge;
  return value < 0 ? NEGATIVE : look.dark ? POSITIVE_DARK : POSITIVE;
}

function links(
  pair: Link[],
  layer: number,
  place: Layout,
  xs: readonly number[],
  weights: Weights,
  look: Look,
): string {
  const { x0, x1 } = spanOf(place, xs, layer);
  const middle = (x0 + x1) / 2;
  const known = weights[layer] ?? null;
  return strongest(pair, known)
    .map((link) => {
      const w = weightOf(link, known);
      return tag('path', {
        d: `M${x0} ${link.y0}C${middle} ${link.y0} ${middle} ${link.y1} ${x1} ${link.y1}`,
        fill: 'none',
        stroke: colour(w, look),
        'stroke-width': linkWidth(w ?? 0),
        opacity: w === null ? 0.35 : 0.35 + 0.6 * Math.min(1, (Math.abs(w) * 14) / 5 / 4),
      });
    })
    .join('');
}

function biases(place: Layout, xs: readonly number[], drawing: Drawing, look: Look): string {
  return biasesOf(place)
    .filter(({ layer }) => !isBand(drawing, layer))
    .map((bias) => {
      const value = biasOf(bias, drawing.weights[bias.layer]);
      const { x, y } = biasAt(place, xs, bias);
      const half = BIAS_SIZE / 2;
      const box = { x: x - half, y: y - half, width: BIAS_SIZE, height: BIAS_SIZE };
      const opacity = value === null ? 0.4 : 0.25 + 0.75 * Math.min(1, Math.abs(value));
      const ground = tag('rect', { ...box, fill: look.paper });
      return ground + tag('rect', { ...box, fill: colour(value, look), opacity });
    })
    .join('');
}

function tiles(column: Column, index: number, drawing: Drawing, look: Look): string {
  const side = column.tile;
  return column.ys
    .map((y, i) => {
      const box = { x: column.x - side / 2, y: y - side / 2, width: side, height: side };
      const href =
        index === 0 && drawing.example !== undefined
          ? drawing.example
          : drawing.image(index, column.first + i);
      const map = href ? tag('image', { ...box, href, preserveAspectRatio: 'none' }) : '';
      const edge = { ...box, fill: href ? 'none' : look.line, stroke: look.edge };
      return map + tag('rect', edge);
    })
    .join('');
}

function head(
  column: Column,
  index: number,
  drawing: Drawing,
  session: Session,
  look: Look,
): string {
  const words = { x: column.x, 'text-anchor': 'middle' };
  const bold = { ...words, 'font-size': 14, 'font-weight': 600, fill: look.ink };
  const quiet = { ...words, 'font-size': 12, fill: look.muted };
  const layer = session.graph.layers[index - 1];
  const more = { ...quiet, y: (column.ys.at(-1) ?? TOP) + column.tile / 2 + 20 };
  const rest = column.rest > 0 ? label(`and ${column.rest} more`, more) : '';
  if (!layer) {
    const names = drawing.features.map((name, i) => {
      const y = (column.ys[i] ?? 0) + 4;
      const beside = { x: column.x - column.tile / 2 - NAME_GAP, y, 'text-anchor': 'end' };
      return label(name, { ...beside, 'font-size': 12, fill: look.ink });
    });
    const title = drawing.given ?? (drawing.example === undefined ? 'Features' : 'Input');
    return [label(title, { ...bold, y: 40 }), ...names].join('');
  }
  const units = `${layer.units} ${layer.units === 1 ? 'unit' : 'units'}`;
  const count = drawing.counts?.[index - 1] ?? units;
  return [
    label(layer.title, { ...bold, y: 40 }),
    label(drawing.activations[index - 1] ?? layer.activation, { ...quiet, y: 60 }),
    label(count, { ...quiet, y: 78 }),
    rest,
  ].join('');
}
