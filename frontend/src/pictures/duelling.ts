/** What goes wrong between two networks that learn against each other. */

import { isCritic } from '../generation/duel';
import { norm } from '../generation/moves';
import type { Curve, Frame, Session } from '../types';
import { column } from './curves';
import type { Finding, Mend } from './diagnosis';
import { formatPercent, formatShort } from './numbers';

/** Nothing is said before so many steps: at first everything looks like a failure. */
const EARLY = { points: 1000, pictures: 300 };
/** The discriminator tells so many apart that the generator is told little. */
const TOO_GOOD = 0.97;
/** So many that the generator hardly catches up, whatever it is told. */
const PERFECT = 0.995;
/** A generator's gradient so short tells it hardly anything. */
const FAINT = 0.02;
/** A generator of no more than this share of the clouds has settled on a few. */
const FEW = 0.4;
/** Rows of the curve that swings are looked for in, and how often the generator turns in them. */
const WINDOW = 60;
const TURNS = 10;
/** How far it swings, in shares of ln 2, the most that the divergence can be. */
const SWING = 0.2;

export function duelFindings(session: Session, frame: Frame, curve: Curve): Finding[] {
  if (frame.step < (session.form === 'points' ? EARLY.points : EARLY.pictures)) return [];
  const found = [overwhelmed(session, frame), collapsed(session, frame), circling(session, curve)];
  return found.filter((finding) => finding !== null);
}

function overwhelmed(session: Session, frame: Frame): Finding | null {
  const accuracy = frame.metrics.train?.accuracy ?? 0;
  const { generator, experiment } = session;
  const layers = frame.views.gradients?.layers;
  if (!generator || !layers || isCritic(experiment) || accuracy < TOO_GOOD) return null;
  const reach = norm(layers, generator.first, layers.length);
  if (reach > FAINT && accuracy < PERFECT) return null;
  const outcome =
    reach > FAINT
      ? 'The generator, whose examples are all seen through, may not catch up.'
      : `The generator’s gradient is only ${formatShort(reach)}: it is hardly told what to change.`;
  return {
    id: 'overwhelmed',
    severity: 'warn',
    text: `The discriminator wins: it tells ${formatPercent(accuracy)} apart. ${outcome}`,
    mends: [...gentler(session), ...otherLoss(experiment.training.loss.kind)],
  };
}

function collapsed(session: Session, frame: Frame): Finding | null {
  const all = session.generator?.modes ?? 0;
  const covered = frame.metrics.generator?.modes;
  if (covered === undefined || all < 2 || covered > all * FEW) return null;
  return {
    id: 'collapsed',
    severity: 'warn',
    text:
      `Mode collapse: made points come to ${covered} of ${all} clouds, though noise is drawn ` +
      'alike all the time. The discriminator looks at one point at a time and does not miss the others.',
    mends: [
      ...otherLoss(session.experiment.training.loss.kind),
      ...more(session),
      { label: 'New weights', patch: { seed: (session.experiment.seed + 1) % 2 ** 32 } },
    ],
  };
}

/** Whether the divergence goes up and down without end. */
export function swings(values: ArrayLike<number>): { turns: number; height: number } {
  let [turns, direction, low, high] = [0, 0, Infinity, -Infinity];
  let last = Number.NaN;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    const next = Math.sign(value - last);
    if (next && direction && next !== direction) turns++;
    if (next) direction = next;
    [low, high, last] = [Math.min(low, value), Math.max(high, value), value];
  }
  return { turns, height: high - low };
}

function circling(session: Session, curve: Curve): Finding | null {
  const js = column(curve, 'js').slice(-WINDOW);
  if (js.length < WINDOW) return null;
  const { turns, height } = swings(js);
  if (turns < TURNS || height < SWING * Math.LN2) return null;
  const mends: Mend[] = [...slower(session), ...otherLoss(session.experiment.training.loss.kind)];
  return {
    id: 'circling',
    severity: 'warn',
    text:
      'They run in circles: what is made comes near to the real points and leaves them again ' +
      `(JS swings by ${formatShort(height)}), as each answers only to the other’s last move.`,
    mends,
  };
}

const rounded = (value: number) => Number(value.toPrecision(1));

function gentler({ experiment }: Session): Mend[] {
  const rate = rounded(experiment.training.learning_rate / 3);
  return [
    {
      label: `Discriminator’s rate ${formatShort(rate)}`,
      patch: { training: { learning_rate: rate } },
    },
  ];
}

function slower({ experiment }: Session): Mend[] {
  const own = experiment.generator?.learning_rate ?? 0;
  const [judge, maker] = [rounded(experiment.training.learning_rate / 2), rounded(own / 2)];
  return [
    {
      label: 'Halve both learning rates',
      patch: { training: { learning_rate: judge }, generator: { learning_rate: maker } },
    },
  ];
}

function more({ experiment }: Session): Mend[] {
  const updates = experiment.generator?.discriminator_updates ?? 1;
  if (updates >= 5) return [];
  return [
    {
      label: '5 discriminator updates a step',
      patch: { generator: { discriminator_updates: 5 } },
    },
  ];
}

function otherLoss(kind: string): Mend[] {
  if (kind === 'wasserstein') return [];
  return [
    { label: 'Use Wasserstein’s loss', patch: { training: { loss: { kind: 'wasserstein' } } } },
  ];
}
