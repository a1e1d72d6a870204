import type { Experiment, Json, Patch, WeightRef } from '../types';
import { nameOf } from './edits';
import { diff, differInNumbers, touched } from './patch';

interface Patched {
  before: Experiment;
  after: Experiment;
  key: string;
  at: number;
}

/** A weight set by hand. */
interface Edited {
  ref: WeightRef;
  before: number;
  after: number;
  key: string;
  at: number;
}

type Change = Patched | Edited;

/** What takes a change back, or makes it again. */
export type Step = { patch: Patch } | { ref: WeightRef; value: number };

export const COALESCE_MS = 1000;
/** A label that begins with it names one stroke of a pen: one step, whatever was added. */
export const STROKE = 'stroke ';
const DEPTH = 200;

/** What was changed, to go back and forth. Knows values only; the store sends the steps. */
export class History {
  #done: Change[] = [];
  #undone: Change[] = [];

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  /** A drag is many patches of one control: those are one step back. */
  record(before: Experiment, after: Experiment, patch: Patch, label: string, now: number): void {
    this.#undone = [];
    const key = label + touched(patch).join();
    const last = this.#done.at(-1);
    const dragged = () =>
      last && now - last.at < COALESCE_MS && differInNumbers(json(before), json(after));
    // a pen may rest in the middle of a stroke for as long as it likes
    const goesOn = last?.key === key && (label.startsWith(STROKE) || dragged());
    if (goesOn) Object.assign(last, { after, at: now });
    else this.#push({ before, after, key, at: now });
  }

  /** A drag of one weight is one step back, too. */
  recordEdit(ref: WeightRef, before: number, after: number, now: number): void {
    this.#undone = [];
    const key = editKey(ref);
    const last = this.#done.at(-1);
    const goesOn = last?.key === key && now - last.at < COALESCE_MS;
    if (goesOn) Object.assign(last, { after, at: now });
    else this.#push({ ref, before, after, key, at: now });
  }

  #push(change: Change): void {
    this.#done.push(change);
    if (this.#done.length > DEPTH) this.#done.shift();
  }

  /** What takes the last change back, leaving what others changed meanwhile. */
  undo(): Step | undefined {
    const change = this.#done.pop();
    if (!change) return undefined;
    this.#undone.push(change);
    if (isEdited(change)) return { ref: change.ref, value: change.before };
    return { patch: between(change.after, change.before) };
  }

  redo(): Step | undefined {
    const change = this.#undone.pop();
    if (!change) return undefined;
    this.#done.push({ ...change, key: '' });
    if (isEdited(change)) return { ref: change.ref, value: change.after };
    return { patch: between(change.before, change.after) };
  }

  /** The server refused to set this weight. */
  refuseEdit(ref: WeightRef): void {
    if (this.#done.at(-1)?.key === editKey(ref)) this.#done.pop();
  }

  /** The weights are the initial ones again: what was set by hand before is gone. */
  forgetEdits(): void {
    this.#done = this.#done.filter((change) => !isEdited(change));
    this.#undone = this.#undone.filter((change) => !isEdited(change));
  }

  /** The server refused the last change: what it led to is what the server says there is. */
  correct(refused: Experiment, truth: Experiment): void {
    const last = this.#done.at(-1);
    if (!last || isEdited(last) || last.after !== refused) return;
    if (diff(json(last.before), json(truth)) === undefined) this.#done.pop();
    else last.after = truth;
  }

  clear(): void {
    this.#done = [];
    this.#undone = [];
  }
}

const isEdited = (change: Change): change is Edited => 'ref' in change;

const editKey = (ref: WeightRef) => `edit ${nameOf(ref)}`;

const between = (from: Experiment, to: Experiment): Patch =>
  (diff(json(from), json(to)) ?? {}) as Patch;

const json = (experiment: Experiment) => experiment as unknown as Json;
