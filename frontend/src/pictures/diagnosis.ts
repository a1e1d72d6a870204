/** What goes wrong in training, in a sentence, and what may be done about it. */

import { hiddenLayers } from '../generation/duel';
import type { Curve, Frame, KindValue, Patch, Session } from '../types';
import { overfitting } from './curves';
import { duelFindings } from './duelling';
import { formatLoss, formatShort } from './numbers';

/** One thing to click: a patch of the experiment, then perhaps training from its beginning. */
export interface Mend {
  label: string;
  patch: Patch;
  again?: boolean;
}

export interface Finding {
  id: 'exploding' | 'dead' | 'vanishing' | 'overfitting' | 'overwhelmed' | 'collapsed' | 'circling';
  severity: 'bad' | 'warn';
  text: string;
  mends: Mend[];
}

const VANISHING_RATIO = 1e-4;
const EXPLODING_NORM = 1e3;
/** Below it the whole network has stopped moving: it has converged, nothing vanishes. */
const CONVERGED_NORM = 1e-6;

/** Initial weights so small that nothing comes through them. */
const FAINT = ['zeros', 'normal'];
const SATURATING = ['sigmoid', 'tanh', 'hard_tanh', 'softsign'];

/** Most urgent first. Divergence itself the page's notices tell of. */
export function diagnose(session: Session, frame: Frame | null, curve: Curve): Finding[] {
  // without training points every unit is silent
  if (!frame || frame.status === 'diverged' || session.counts.train === 0) return [];
  const silent = dead(session, frame);
  // behind a dead layer the gradient vanishes of itself
  const faint = silent?.severity === 'bad' ? null : vanishing(session, frame);
  // of a duel the losses neither fall nor rise to a purpose
  const later = session.problem === 'generation' ? duelFindings(session, frame, curve) : [];
  const over = session.problem === 'generation' ? null : overfits(session, curve);
  const found = [exploding(session, frame), silent, faint, over, ...later];
  return found.filter((finding) => finding !== null);
}

function exploding(session: Session, frame: Frame): Finding | null {
  const norm = frame.views.gradients?.norm;
  if (norm === undefined || norm < EXPLODING_NORM) return null;
  return {
    id: 'exploding',
    severity: 'warn',
    text: `The gradient explodes: its norm is ${formatShort(norm)}, and each step may overshoot.`,
    mends: [...clip(session), slower(session)],
  };
}

function dead(session: Session, frame: Frame): Finding | null {
  const counts = frame.views.gradients?.dead ?? [];
  const named = hiddenLayers(session);
  const layers = named.map(({ layer }) => layer);
  // what a pooling or a flattening passes on is not its own doing
  const found = counts.map((n, i) => (learns(layers[i]) ? n : 0));
  const worst = found.findIndex((n, i) => n > 0 && n === layers[i]?.units);
  // where layers are wide, some are always silent
  const few = session.form === 'points' && session.problem !== 'generation';
  const least = (i: number) => (few ? 1 : (layers[i]?.units ?? 1) / 2);
  const first = worst >= 0 ? worst : found.findIndex((n, i) => n >= least(i));
  if (first < 0) return null;
  const own = session.graph.layers.length - 1;
  const [maker, at] = first < own ? [false, first] : [true, first - own];
  const where = `${maker ? 'the generator’s ' : ''}hidden layer ${at + 1}`;
  const [count, units] = [counts[first] ?? 0, layers[first]?.units ?? 0];
  const which = count === 1 ? '1 unit is' : `${count} units are`;
  const consequence =
    worst >= 0
      ? 'the layer passes nothing on, so nothing before it can learn'
      : `${count === 1 ? 'it answers' : 'they answer'} 0 to every ${maker ? 'draw of noise' : 'training point'} and cannot learn`;
  return {
    id: 'dead',
    severity: worst >= 0 ? 'bad' : 'warn',
    text: `In ${where}, ${which} dead of ${units}: ${consequence}.`,
    mends: [
      { label: 'Use leaky ReLU', patch: hidden(session, { activation: 'leaky_relu' }, maker) },
      { label: 'New weights', patch: { seed: (session.experiment.seed + 1) % 2 ** 32 } },
    ],
  };
}

/** Whether a layer has weights of its own. */
const learns = (layer: Session['graph']['layers'][number] | undefined) =>
  layer === undefined || Object.keys(layer.params ?? { w: [] }).length > 0;

function vanishing(session: Session, frame: Frame): Finding | null {
  // of a generator's layers another loss is told of
  const all = frame.views.gradients?.layers.slice(0, session.graph.layers.length) ?? [];
  const norms = all.filter((_, i) => learns(session.graph.layers[i]));
  const [first, last] = [norms[0], norms.at(-1)];
  if (first === undefined || last === undefined || norms.length < 2) return null;
  if (last < CONVERGED_NORM || first >= last * VANISHING_RATIO) return null;
  const times = first > 0 ? `${formatShort(last / first)} times weaker` : 'zero';
  const there = first > 0 ? 'in the first layer than in the output' : 'in the first layer';
  return {
    id: 'vanishing',
    severity: 'warn',
    text: `The gradient vanishes: it is ${times} ${there}, which hardly learns.`,
    mends: vanishingMends(session),
  };
}

function vanishingMends(session: Session): Mend[] {
  const layers = session.experiment.network.layers;
  const saturates = layers.some((layer) => SATURATING.includes(String(layer.activation)));
  const mends: Mend[] = [];
  if (layers.some((layer) => FAINT.includes(String(layer.initializer)))) {
    const glorot = hidden(session, { initializer: 'glorot_uniform' });
    mends.push({ label: 'Use Glorot weights', patch: glorot });
  }
  if (saturates) {
    const leaky = { activation: 'leaky_relu', initializer: 'he_normal' };
    mends.push({ label: 'Use leaky ReLU', patch: hidden(session, leaky) });
  }
  if (layers.some((layer) => layer.normalization === 'none')) {
    mends.push({ label: 'Normalize batches', patch: hidden(session, { normalization: 'batch' }) });
  }
  return mends;
}

function overfits(session: Session, curve: Curve): Finding | null {
  const found = overfitting(curve);
  if (!found) return null;
  const { l2, early_stopping } = session.experiment.training;
  const stronger = l2 === 0 ? 0.003 : Math.min(100, Number((l2 * 3).toPrecision(1)));
  const mends: Mend[] = [
    { label: `L2 rate ${formatShort(stronger)}`, patch: { training: { l2: stronger } } },
  ];
  if (!early_stopping) {
    const stop = { training: { early_stopping: { patience: 20 } } };
    mends.push({ label: 'Train again, and stop early', patch: stop, again: true });
  }
  return {
    id: 'overfitting',
    severity: 'warn',
    text:
      `Overfitting: since epoch ${Math.round(found.since)} the ${found.held} loss rose from ` +
      `${formatLoss(found.least)} to ${formatLoss(found.now)} while the training loss fell.`,
    mends,
  };
}

function slower(session: Session): Mend {
  const rate = Number((session.experiment.training.learning_rate / 3).toPrecision(1));
  return {
    label: `Learning rate ${formatShort(rate)}`,
    patch: { training: { learning_rate: rate } },
  };
}

function clip(session: Session): Mend[] {
  const { clip_norm, rules } = session.experiment.training;
  if (clip_norm !== null || rules === 'tf_playground') return [];
  return [{ label: 'Clip the gradient', patch: { training: { clip_norm: 1 } } }];
}

/** Every hidden layer that has these fields, with these values. */
function hidden(session: Session, values: Record<string, string>, maker = false): Patch {
  const { network, generator } = session.experiment;
  const layers = ((maker && generator?.layers) || network.layers).map((layer): KindValue => {
    const known = Object.entries(values).filter(([field]) => field in layer);
    return { ...layer, ...Object.fromEntries(known) };
  });
  return maker ? { generator: { layers } } : { network: { layers } };
}
