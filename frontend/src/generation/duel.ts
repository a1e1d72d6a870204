/** Two networks that learn against each other: what both the rooms and the pictures ask of them. */

import { NEGATIVE, POSITIVE, POSITIVE_DARK } from '../pictures/colors';
import type {
  Experiment,
  Generated,
  Generator,
  GraphLayer,
  Session,
  Tensor,
  Turn,
  ViewRequest,
} from '../types';

/** Of what is judged: made is 0, real is 1. */
export const NAMES = ['made', 'real'] as const;
/** The ceiling of the Jensen-Shannon divergence, in nats: nothing in common. */
export const MOST_JS = Math.LN2;
/** Points that are made for a look, and pictures. */
const POINTS = 200;
const PICTURES = 24;

export const TURNS: readonly { turn: Turn; title: string; step: string; help: string }[] = [
  {
    turn: 'discriminator',
    title: 'Discriminator',
    step: 'Step discriminator',
    help: 'One step in which the discriminator learns and the generator stands still.',
  },
  {
    turn: 'generator',
    title: 'Generator',
    step: 'Step generator',
    help: 'One step in which the generator learns and the discriminator stands still.',
  },
  {
    turn: 'both',
    title: 'Both',
    step: 'Step both',
    help: 'One step in which the discriminator learns, then the generator.',
  },
];

/** The generator's settings, where the server has built one of them; else null. */
export function duelOf(session: Session | null): Generator | null {
  const generator = session?.experiment.generator;
  return session?.generator && generator?.layers ? generator : null;
}

export const isDuel = (session: Pick<Session, 'problem'>): boolean =>
  session.problem === 'generation';

/** Everybody who looks at made examples asks for the same ones. */
export const generatedView = ({ form }: Pick<Session, 'form'>): ViewRequest => ({
  kind: 'generated',
  count: form === 'points' ? POINTS : PICTURES,
});

/** Colours of what is made and of what is real: those of the discriminator's surface. */
export const madeColor = (): string => NEGATIVE;
export const realColor = (dark: boolean): string => (dark ? POSITIVE_DARK : POSITIVE);

/** z₁, z₂ … */
export function noiseName(index: number): string {
  const digits = String(index + 1).replace(/\d/g, (digit) => '₀₁₂₃₄₅₆₇₈₉'[Number(digit)] ?? '');
  return `z${digits}`;
}

/** The mean of numbers; NaN of none. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum / values.length;
}

/** One of several examples, (*input_shape). */
export function exampleAt({ shape, data }: Tensor, index: number): Tensor {
  const [, ...own] = shape;
  const length = own.reduce((product, side) => product * side, 1);
  return { shape: own, data: data.subarray(index * length, (index + 1) * length) };
}

/** The mean length of the pushes; null where there are none. */
export function meanPush({ pushes }: Pick<Generated, 'pushes'>): number | null {
  if (!pushes) return null;
  const count = pushes.shape[0] ?? 0;
  const lengths = Float32Array.from({ length: count }, (_, i) =>
    Math.hypot(pushes.data[2 * i] ?? 0, pushes.data[2 * i + 1] ?? 0),
  );
  return count ? mean(lengths) : null;
}

export interface Counted {
  name: string;
  layer: GraphLayer;
  /** Whether it is the output of its network. */
  last: boolean;
}

/** Layers as they are counted through, the generator's after the discriminator's, by name. */
export function countedLayers(session: Pick<Session, 'graph' | 'generator'>): Counted[] {
  const { graph, generator } = session;
  const own = named(graph.layers, generator ? 'D ' : '');
  return generator ? [...own, ...named(generator.layers, 'G ')] : own;
}

function named(layers: GraphLayer[], prefix: string): Counted[] {
  return layers.map((layer, i) => {
    const last = i === layers.length - 1;
    const name = last ? 'Output' : `Layer ${i + 1}`;
    return { name: prefix ? prefix + name.toLowerCase() : name, layer, last };
  });
}

/** Hidden layers, the discriminator's, then the generator's, as the dead units of each are counted. */
export const hiddenLayers = (session: Pick<Session, 'graph' | 'generator'>) =>
  countedLayers(session).filter(({ last }) => !last);

/** Whether a verdict is a height without a threshold between made and real. */
export const isCritic = ({ training }: Pick<Experiment, 'training'>): boolean =>
  training.loss.kind === 'wasserstein';

/** How a verdict is said: as a probability where it is one, else as a number. */
export const isProbability = ({ training }: Pick<Experiment, 'training'>): boolean =>
  ['non_saturating', 'minimax'].includes(training.loss.kind);
