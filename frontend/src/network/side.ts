/** Which of an experiment's networks a room is about: its own, or the generator beside it. */

import { noiseName } from '../generation/duel';
import type {
  Bytes,
  Experiment,
  Floats,
  Frame,
  GraphLayer,
  KindValue,
  Lab,
  LayerActivations,
  Session,
  Spotlight,
} from '../types';

export interface Side {
  name: 'network' | 'generator';
  /** Where it lies in the experiment. */
  pointer: string;
  /** Before the names of its layers; '' where they are the only ones. */
  prefix: string;
  settings: (experiment: Experiment) => Experiment['network'] | null;
  /** Its layers as the server has built them, the output last. */
  built: (session: Session) => readonly GraphLayer[];
  /** The number of its first layer, where layers are counted through. */
  first: (session: Session) => number;
  /** What every hidden unit answers everywhere, layer by layer. */
  maps: (frame: Frame) => readonly (Bytes | Floats | null)[] | undefined;
  /** What every layer answers to one example, the output last. */
  passed: (frame: Frame) => readonly LayerActivations[] | undefined;
  setLayers: (lab: Lab, layers: KindValue[], label: string) => Promise<boolean>;
  /** What is in the spotlight when one of its units is. */
  spot: (layer: number, unit: number) => NonNullable<Spotlight>;
  /** What its first layer reads, by name, where that is no feature. */
  inputs: (session: Session) => readonly string[];
}

export const NETWORK: Side = {
  name: 'network',
  pointer: '/network',
  prefix: '',
  settings: ({ network }) => network,
  built: ({ graph }) => graph.layers,
  first: () => 0,
  maps: ({ views }) => views.units?.layers,
  passed: ({ views }) => views.activations?.layers,
  setLayers: (lab, layers, label) => lab.setLayers(layers, label),
  spot: (layer, unit) => ({ type: 'unit', layer, unit }),
  inputs: ({ graph, form, columns }) => (form === 'table' ? (columns ?? []) : graph.inputs),
};

export const GENERATOR: Side = {
  name: 'generator',
  pointer: '/generator',
  prefix: 'Generator',
  settings: ({ generator }) => (generator?.layers ? generator : null),
  built: ({ generator }) => generator?.layers ?? [],
  first: ({ generator }) => generator?.first ?? 0,
  maps: ({ views }) => views.generator_units?.layers,
  passed: ({ views }) => views.forging?.layers,
  setLayers: (lab, layers, label) =>
    lab.patch({ generator: { layers } }, label && `generator: ${label}`),
  spot: (layer, unit) => ({ type: 'maker', layer, unit }),
  inputs: ({ generator }) => Array.from({ length: generator?.latent ?? 0 }, (_, i) => noiseName(i)),
};
