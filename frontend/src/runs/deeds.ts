/** What was done to a run, in words, and where it stands on the track. */

import { weightText } from '../network/words';
import { merge } from '../state/patch';
import type { Edit, Entry, Experiment, Json, RunLog, Schema } from '../types';
import { differences } from './differences';

export interface Deed {
  step: number;
  text: string;
}

/** Deeds that lie so near to each other on the track that they are one mark. */
export interface Mark {
  step: number;
  deeds: Deed[];
}

const MOST_SETTINGS = 3;

export function deeds(schema: Schema, { experiment, entries }: RunLog): Deed[] {
  let before = experiment;
  return entries.map((entry) => {
    if (entry.kind !== 'changed') return { step: entry.step, text: wordsOf(entry, before) };
    const after = merge(before as unknown as Json, entry.patch) as unknown as Experiment;
    const text = changeText(schema, before, after);
    before = after;
    return { step: entry.step, text };
  });
}

function changeText(schema: Schema, before: Experiment, after: Experiment): string {
  const changed = differences(schema, [before, after]);
  const said = changed
    .slice(0, MOST_SETTINGS)
    .map(({ title, values: [from, to] }) => `${lower(title)} ${from} → ${to}`);
  const more = changed.length - said.length;
  return said.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function wordsOf(entry: Exclude<Entry, { kind: 'changed' }>, now: Experiment): string {
  return entry.kind === 'edited' ? editText(entry.edit, now) : 'played on after early stopping';
}

/** Layers count the hidden ones from 1, as their heads do; a generator's come after the output. */
function editText(
  { layer, param, index, value }: Edit,
  { network, generator }: Experiment,
): string {
  const what = param === 'b' ? 'bias' : 'weight';
  const units = index.map((i) => i + 1).join(' to ');
  const own = network.layers.length + 1;
  const where =
    generator && layer >= own ? `generator layer ${layer - own + 1}` : `layer ${layer + 1}`;
  return `${what} ${units} of ${where} set to ${weightText(value)}`;
}

/** Learning rate as learning rate, but L1 as L1. */
const lower = (title: string): string =>
  title.replace(/(^|: )([A-Z])(?=[a-z ])/g, (_, before, letter) => before + letter.toLowerCase());

/** Marks for a track from 0 to `end`: what is nearer than `apart` of its length is one. */
export function marks(all: readonly Deed[], end: number, apart: number): Mark[] {
  const found: Mark[] = [];
  for (const deed of all) {
    const last = found.at(-1);
    if (last && deed.step - last.step <= apart * end) last.deeds.push(deed);
    else found.push({ step: deed.step, deeds: [deed] });
  }
  return found;
}
