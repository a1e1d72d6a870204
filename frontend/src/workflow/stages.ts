/** The way from data to a deployed model, and how far along each part of it is: pure. */

import { testText } from '../deploy/model';
import { count } from '../shell/numbers';
import type { Session } from '../types';

export type StageName =
  | 'data'
  | 'preparation'
  | 'network'
  | 'training'
  | 'evaluation'
  | 'tuning'
  | 'deployment';

export interface Stage {
  name: StageName;
  title: string;
  /** Where it is, in a few words. */
  said: string;
  state: 'done' | 'begun' | 'missing' | 'wrong';
}

/** What the session does not say itself. */
export interface Beside {
  dataset: string;
  step: number;
  loss: number | null;
  sweep: { finished: number; runs: number } | null;
  deployed: number;
}

export const parametersOf = ({ graph, generator }: Session): number =>
  [...graph.layers, ...(generator?.layers ?? [])]
    .flatMap(({ params }) => Object.values(params))
    .reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);

const plural = (number: number, noun: string): string =>
  `${count(number)} ${noun}${number === 1 ? '' : 's'}`;

const NOUNS = {
  points: 'point',
  image: 'picture',
  sequence: 'sequence',
  tokens: 'text',
  table: 'row',
} as const;

export function preparationText({ experiment, form }: Session): string {
  if (form === 'points') return plural(experiment.data.features.length, 'feature');
  const steps = experiment.data.preparation?.length ?? 0;
  return steps ? plural(steps, 'step') : 'none needed';
}

/** All stages in their order. */
export function stagesOf(session: Session, beside: Beside): Stage[] {
  const { train, validation, test } = session.counts;
  const tests = session.evaluations ?? [];
  const last = tests.at(-1);
  const { dataset, step, loss, sweep, deployed } = beside;
  const training = session.status === 'diverged' ? 'wrong' : step ? 'done' : 'missing';
  const reached = loss === null ? '' : `, loss ${loss.toPrecision(2)}`;
  return [
    {
      name: 'data',
      title: 'Data',
      said: train
        ? `${dataset}, ${plural(train + validation + test, NOUNS[session.form])}`
        : 'nothing to learn from',
      state: train ? 'done' : 'missing',
    },
    { name: 'preparation', title: 'Preparation', said: preparationText(session), state: 'done' },
    {
      name: 'network',
      title: 'Network',
      said: plural(parametersOf(session), 'parameter'),
      state: 'done',
    },
    {
      name: 'training',
      title: 'Training',
      said:
        session.status === 'diverged'
          ? `diverged at step ${count(step)}`
          : step
            ? `step ${count(step)}${reached}`
            : 'not begun',
      state: training,
    },
    {
      name: 'evaluation',
      title: 'Evaluation',
      said: last
        ? `${testText(last).split(',')[0]}${tests.length > 1 ? `, asked ${tests.length}×` : ''}`
        : 'not asked yet',
      state: last ? (last.step === step ? 'done' : 'begun') : 'missing',
    },
    {
      name: 'tuning',
      title: 'Tuning',
      said: sweep ? `${sweep.finished} of ${plural(sweep.runs, 'run')}` : 'no sweep yet',
      state: sweep ? (sweep.finished < sweep.runs ? 'begun' : 'done') : 'missing',
    },
    {
      name: 'deployment',
      title: 'Deployment',
      said: deployed ? `deployed ${deployed}×` : 'not deployed',
      state: deployed ? 'done' : 'missing',
    },
  ];
}
