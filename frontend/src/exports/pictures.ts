/** The pictures that can leave the page, each drawn from what the page shows now. */

import { shapeWords } from '../examples/words';
import { overPoints, underPoints } from '../generation/over';
import { factsOf, fieldOf, titleOf } from '../network/facts';
import { layerAt } from '../network/pairing';
import { featurePicture, madeMaps, noiseMap, outputMaps, pictureOf } from '../network/pictures';
import { GENERATOR, NETWORK, type Side } from '../network/side';
import { classLut, className } from '../pictures/colors';
import { chartTitle, type Kind, linesOf } from '../pictures/lines';
import type { Part } from '../pictures/nearest';
import { outputPicture, pictureTitle, plotted, spotlightPicture } from '../pictures/surface';
import { runColor } from '../runs/colors';
import { curveOf, nameOf, pins } from '../runs/pins.svelte';
import { preference } from '../state/storage';
import { rowBytes } from '../tables/table';
import type { Lab, Option, Session, Spotlight } from '../types';
import { exampleImage, mapImage, planeImage, tileImage } from './canvas';
import { curvesSvg, type Other } from './curves';
import type { Look } from './look';
import { networkSvg } from './network';
import { type Laid, surfaceSvg } from './surface';

export interface PictureKind {
  name: string;
  title: string;
  help: string;
  /** Whether there is such a picture of these examples. */
  fits?: (session: Session) => boolean;
  /** The picture as SVG; null while there is nothing to draw yet. */
  draw: (lab: Lab, session: Session, look: Look) => string | null;
}

export const PICTURES: readonly PictureKind[] = [
  {
    name: 'surface',
    title: 'Output',
    help: 'What the network answers everywhere, with the points.',
    fits: ({ form }) => form === 'points',
    draw: (lab, session, look) => drawPlot(lab, session, look, null),
  },
  {
    name: 'curves',
    title: 'Curves',
    help: 'Loss and score of every part of the data so far.',
    draw: curves,
  },
  {
    name: 'network',
    title: 'Network',
    help: 'Every unit with its map, every weight as a line.',
    draw: (lab, session, look) => drawNetwork(lab, session, look),
  },
  {
    name: 'generator',
    title: 'Generator',
    help: 'The network that makes examples, every unit with its map.',
    fits: ({ generator }) => Boolean(generator),
    draw: (lab, session, look) => drawNetwork(lab, session, look, GENERATOR),
  },
];

/** The plot: the output, or a unit or feature, as it is seen on the page. */
export function drawPlot(
  { frame, points, view, schema }: Lab,
  session: Session,
  look: Look,
  spotlight: Spotlight,
): string | null {
  const flat = session.dimensions === 2;
  const spot = spotlightPicture(spotlight, frame, points);
  const { picture, picked } = plotted(spot, outputPicture(frame), view.surfaceClass);
  if (!picture || (picture.type === 'plane') !== flat) return null;
  const features = schema ? factsOf(schema).features : [];
  const title = pictureTitle(spotlight, (name) => titleIn(features, name));
  const lut = picked === null ? undefined : classLut(picked, look.dark);
  const parts: Part[] = [0];
  if (view.showValidationData) parts.push(1);
  if (view.showTestData) parts.push(2);
  // in one dimension a unit or feature has another height than the points
  const known = points?.inputs.shape[1] === session.dimensions && (flat || !spotlight);
  const shown = {
    title: picked === null ? title : `${title} for class ${className(picked)}`,
    output: picture,
    picked,
    image: picture.type === 'plane' ? planeImage(picture, view.discretize, look, lut) : null,
    points: known ? points : null,
    parts,
    contours: view.contours,
    discretize: view.discretize,
    ...(session.problem === 'generation' ? { laid: laidOver(frame, look.dark) } : {}),
  };
  return surfaceSvg(shown, session, look);
}

const laidOver = (frame: Lab['frame'], dark: boolean): Laid => ({
  under: (place) => underPoints(frame, place, dark),
  over: (place) => overPoints(frame, place, dark),
});

function curves(lab: Lab, session: Session, look: Look): string | null {
  if (lab.curve.rows.length < 2) return null;
  const log = preference<boolean>('curves.log', false).get();
  const reading = {
    smoothing: preference<number>('curves.smoothing', 0).get(),
    steps: preference<boolean>('curves.steps', false).get(),
  };
  const panels = (['loss', 'score'] as const).map((kind) => ({
    title: chartTitle(kind, session),
    lines: linesOf(kind, session),
    log: log && kind === 'loss',
    others: comparedWith(session, kind, look.dark),
  }));
  return curvesSvg(lab.curve, panels, reading, look);
}

/** The pinned runs that a chart has beside the one on the screen: those of the same problem. */
export function comparedWith({ problem }: Session, kind: Kind, dark: boolean): Other[] {
  if (kind !== 'loss' && kind !== 'score') return [];
  return pins.runs
    .filter((run) => run.problem === problem)
    .map((run) => ({
      name: nameOf(run),
      mark: String(run.slot + 1),
      color: runColor(run.slot, dark),
      curve: curveOf(run),
      column: `test_${kind}`,
    }));
}

const titleIn = (features: readonly Option[], name: string): string =>
  features.find(({ value }) => value === name)?.title ?? name;

/** Columns of a row that a picture has room for. */
const MOST_NAMED = 24;

/** The network with what its layers answer to the example at hand. */
function drawPassed(
  { frame }: Lab,
  session: Session,
  look: Look,
  activations: ReturnType<typeof fieldOf>,
  side: Side,
): string | null {
  const passed = frame && side.passed(frame);
  const input = frame?.views.activations?.input;
  const makes = side === GENERATOR;
  if (!passed || !(input || makes)) return null;
  const { inputs, layers } = session.graph;
  const maps = passed.map(({ values }) => values);
  const first = side.first(session);
  const matrices = layers.map((_, i) => layerAt(frame.views.weights, first + i));
  // of a table, the columns by name
  const row = session.form === 'table' && !makes;
  const named = makes ? inputs : row ? inputs.slice(0, MOST_NAMED) : [];
  const drawing = {
    features: named,
    ...(makes ? { given: 'Noise' } : row ? { given: 'Input' } : {}),
    ...(input && !makes && !row ? { example: exampleImage(input, session, look) } : {}),
    activations: layers.map(({ activation, params }) =>
      Object.keys(params).length ? titleOf(activations, activation) : '',
    ),
    counts: layers.map(({ shape }) => shapeWords(shape)),
    image: (column: number, unit: number) =>
      mapImage(column === 0 && row && input ? rowBytes(input) : maps[column - 1], unit, look),
    weights: matrices.map((weights, i) =>
      (i > 0 ? layers[i - 1]?.shape.length === 1 : makes || row) ? weights : null,
    ),
    small: layers.map(({ params }) => Object.keys(params).length === 0),
    skips: layers.flatMap(({ back }, i) => (back === null ? [] : [{ from: i - back, to: i + 1 }])),
  };
  return networkSvg(drawing, session, look);
}

/** side: the network itself, or the generator beside it. */
export function drawNetwork(
  lab: Lab,
  whole: Session,
  look: Look,
  side: Side = NETWORK,
): string | null {
  const { schema, frame, points } = lab;
  if (!schema || !frame) return null;
  const { features, output } = factsOf(schema);
  const activations = fieldOf(schema, output, 'activation'); // every layer's are the same
  const [inputs, layers] = [[...side.inputs(whole)], [...side.built(whole)]];
  const session = { ...whole, graph: { inputs, layers } };
  if (session.form !== 'points') return drawPassed(lab, session, look, activations, side);
  const makes = side === GENERATOR;
  const named = inputs.map((name) => titleIn(features, name));
  const outputs = makes
    ? madeMaps(frame.views.manifold, session.domain)
    : outputMaps(frame.views.surface);
  const given = (unit: number) =>
    makes
      ? { map: noiseMap(unit, inputs.length), index: 0 }
      : featurePicture(points, inputs[unit] ?? '');
  const first = side.first(session);
  const image = (column: number, unit: number) => {
    const found =
      column === 0
        ? given(unit)
        : pictureOf(column === layers.length ? outputs : side.maps(frame)?.[column - 1], unit);
    return found ? tileImage(found, look) : null;
  };
  const drawing = {
    features: named,
    ...(makes ? { given: 'Noise' } : {}),
    activations: layers.map(({ activation }) => titleOf(activations, activation)),
    image,
    weights: layers.map((_, i) => layerAt(frame.views.weights, first + i)),
  };
  return networkSvg(drawing, session, look);
}
