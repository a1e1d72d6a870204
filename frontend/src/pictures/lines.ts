/** Which lines of the curve stand in which chart, in which colours. */

import type { Session } from '../types';
import type { Series } from './chart';
import { PART_TITLES, PARTS, type Part } from './nearest';
import { token } from './theme.svelte';

export type Kind = 'loss' | 'score' | 'gradient' | 'rate';
export type Line = Series & { title: string };

const DASHES: (number[] | undefined)[] = [undefined, [6, 4], [2, 3]];

/** In the colours of the page's theme. */
export function linesOf(kind: Kind, { counts }: Pick<Session, 'counts'>): Line[] {
  const ink = token('--ink', '#17212b');
  if (kind === 'gradient') return [{ name: 'gradient_norm', title: 'Gradient norm', color: ink }];
  if (kind === 'rate') return [{ name: 'learning_rate', title: 'Learning rate', color: ink }];
  return ([0, 1, 2] as const)
    .filter((part) => part !== 1 || counts.validation > 0)
    .map((part) => partLine(part, kind));
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
  return { loss: 'Loss', gradient: 'Gradient norm', rate: 'Learning rate' }[kind];
}
