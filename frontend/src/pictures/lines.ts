/** Which lines of the curve stand in which chart, in which colours. */

import type { Session } from '../types';
import type { Series } from './chart';
import { NEGATIVE, POSITIVE } from './colors';
import { isSealed } from './confusion';
import { PART_TITLES, PARTS, type Part } from './nearest';
import { token } from './theme.svelte';

export type Kind = 'loss' | 'score' | 'likeness' | 'modes' | 'gradient' | 'rate';
export type Line = Series & { title: string };

/** What the discriminator's losses are called, where there is little room. */
const JUDGED: Record<string, string> = { Train: 'D', Validation: 'D val.', Test: 'D test' };
const DASHES: (number[] | undefined)[] = [undefined, [6, 4], [2, 3]];

/** In the colours of the page's theme. */
export function linesOf(
  kind: Kind,
  session: Pick<Session, 'counts'> & Partial<Pick<Session, 'problem' | 'experiment'>>,
): Line[] {
  const { counts, problem } = session;
  const ink = token('--ink', '#17212b');
  if (kind === 'gradient') return [{ name: 'gradient_norm', title: 'Gradient norm', color: ink }];
  if (kind === 'rate') return [{ name: 'learning_rate', title: 'Learning rate', color: ink }];
  if (kind === 'modes') return [{ name: 'modes', title: 'Modes covered', color: ink }];
  if (kind === 'likeness')
    return [
      { name: 'kl', title: 'KL', color: token('--neg', NEGATIVE), dash: [6, 4] },
      { name: 'js', title: 'JS (at most ln 2)', color: token('--pos', POSITIVE) },
    ];
  const parts = ([0, 1, 2] as const)
    .filter((part) => part !== 1 || counts.validation > 0)
    .filter((part) => part !== 2 || !isSealed(session))
    .map((part) => partLine(part, kind));
  if (problem !== 'generation') return parts;
  const judge = parts.map((line) => ({ ...line, title: JUDGED[line.title] ?? line.title }));
  const maker = { name: 'generator_loss', title: 'G', color: token('--neg', NEGATIVE) };
  return kind === 'loss' ? [...judge, maker] : judge;
}

function partLine(part: Part, kind: 'loss' | 'score'): Line {
  const dash = DASHES[part];
  return {
    name: `${PARTS[part]}_${kind}`,
    title: PART_TITLES[part],
    color: token(`--${PARTS[part]}`, '#616d79'),
    ...(dash ? { dash } : {}),
  };
}

/** What a chart shows. */
export function chartTitle(kind: Kind, { problem }: Pick<Session, 'problem'>): string {
  if (kind === 'score') return problem === 'regression' ? 'R²' : 'Accuracy';
  return {
    loss: problem === 'generation' ? 'Losses' : 'Loss',
    likeness: 'KL and JS',
    modes: 'Modes covered',
    gradient: 'Gradient norm',
    rate: 'Learning rate',
  }[kind];
}
