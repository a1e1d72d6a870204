/** The pictures that can leave the page, each drawn from what the page shows now. */

import { factsOf, fieldOf, titleOf } from '../network/facts';
import { featurePicture, outputMaps, pictureOf } from '../network/pictures';
import type { Part } from '../pictures/nearest';
import { outputPicture } from '../pictures/surface';
import { preference } from '../state/storage';
import type { Lab, Session } from '../types';
import { planeImage, tileImage } from './canvas';
import { curvesSvg } from './curves';
import type { Look } from './look';
import { networkSvg } from './network';
import { surfaceSvg } from './surface';

export interface PictureKind {
  name: string;
  title: string;
  help: string;
  /** The picture as SVG; null while there is nothing to draw yet. */
  draw: (lab: Lab, session: Session, look: Look) => string | null;
}

export const PICTURES: readonly PictureKind[] = [
  {
    name: 'surface',
    title: 'Output',
    help: 'What the network answers everywhere, with the points.',
    draw: surface,
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
    draw: network,
  },
];

function surface(lab: Lab, session: Session, look: Look): string | null {
  const output = outputPicture(lab.frame);
  if (!output || (output.type === 'plane') !== (session.dimensions === 2)) return null;
  const { view } = lab;
  const parts: Part[] = [0];
  if (view.showValidationData) parts.push(1);
  if (view.showTestData) parts.push(2);
  const known = lab.points?.inputs.shape[1] === session.dimensions ? lab.points : null;
  const image = output.type === 'plane' ? planeImage(output, view.discretize, look) : null;
  const { contours, discretize } = view;
  const shown = { output, image, points: known, parts, contours, discretize };
  return surfaceSvg(shown, session, look);
}

function curves(lab: Lab, session: Session, look: Look): string | null {
  if (lab.curve.rows.length < 2) return null;
  const reading = {
    log: preference<boolean>('curves.log', false).get(),
    smoothing: preference<number>('curves.smoothing', 0).get(),
    steps: preference<boolean>('curves.steps', false).get(),
  };
  return curvesSvg(lab.curve, session, reading, look);
}

function network(lab: Lab, session: Session, look: Look): string | null {
  const { schema, frame, points } = lab;
  if (!schema || !frame) return null;
  const { features, output } = factsOf(schema);
  const activations = fieldOf(schema, output, 'activation'); // every layer's are the same
  const { inputs, layers } = session.graph;
  const named = inputs.map((name) => features.find(({ value }) => value === name)?.title ?? name);
  const outputs = outputMaps(frame.views.surface);
  const image = (column: number, unit: number) => {
    const found =
      column === 0
        ? featurePicture(points, inputs[unit] ?? '')
        : pictureOf(
            column === layers.length ? outputs : frame.views.units?.layers[column - 1],
            unit,
          );
    return found ? tileImage(found, look) : null;
  };
  const drawing = {
    features: named,
    activations: layers.map(({ activation }) => titleOf(activations, activation)),
    image,
    weights: frame.views.weights?.layers ?? [],
  };
  return networkSvg(drawing, session, look);
}
