import type { Experiment, Json, Patch } from '../types';
import { diff, differInNumbers, touched } from './patch';

interface Change {
  before: Experiment;
  after: Experiment;
  key: string;
  at: number;
}

export const COALESCE_MS = 1000;
/** A label that begins with it names one stroke of a pen: one step, whatever was added. */
export const STROKE = 'stroke ';
const DEPTH = 200;

/** What was changed, to go back and forth. Knows values only; the store sends the patches. */
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
    if (last?.key === key && (label.startsWith(STROKE) || dragged())) {
      last.after = after;
      last.at = now;
      return;
    }
    this.#done.push({ before, after, key, at: now });
    if (this.#done.length > DEPTH) this.#done.shift();
  }

  /** The patch that takes the last change back, leaving what others changed meanwhile. */
  undo(): Patch | undefined {
    const change = this.#done.pop();
    if (!change) return undefined;
    this.#undone.push(change);
    return between(change.after, change.before);
  }

  redo(): Patch | undefined {
    const change = this.#undone.pop();
    if (!change) return undefined;
    this.#done.push({ ...change, key: '' });
    return between(change.before, change.after);
  }

  /** The server refused the last change: what it led to is what the server says there is. */
  correct(refused: Experiment, truth: Experiment): void {
    const last = this.#done.at(-1);
    if (last?.after !== refused) return;
    if (diff(json(last.before), json(truth)) === undefined) this.#done.pop();
    else last.after = truth;
  }

  clear(): void {
    this.#done = [];
    this.#undone = [];
  }
}

const between = (from: Experiment, to: Experiment): Patch =>
  (diff(json(from), json(to)) ?? {}) as Patch;

const json = (experiment: Experiment) => experiment as unknown as Json;
