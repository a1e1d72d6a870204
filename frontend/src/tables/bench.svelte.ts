import { at, variant, variants } from '../forms/schema';
import { same } from '../state/patch';
import type { Experiment, KindValue, Lab, Problem, Schema } from '../types';
import { problemsOf } from './facts.svelte';
import { mendsOf, moved, type Stage, stepOf, stepsOf, whole } from './table';
import { prepare } from './wire';

/** A step, and what it keeps while it is moved and set. */
export interface Step {
  key: number;
  value: KindValue;
}

const MOST_STAGES = 200; // that are remembered
const MOST_MENDS = 3; // that are tried to look ahead

/**
 * The steps as they are being changed. What is valid goes to the session at once; what is not stays
 * here, with the server's word on it, while the session has the last valid steps.
 */
export class BenchStore {
  steps = $state.raw<Step[]>([]);
  /** The step that is looked at, by its key. */
  chosen = $state<number | null>(null);
  problems = $state.raw<Problem[]>([]);
  state = $state<'asking' | 'same' | 'applied' | 'refused'>('asking');
  said = $state('');
  /** Stages by the steps that lead to them. */
  #stages = $state.raw<ReadonlyMap<string, Stage>>(new Map());
  #of = ''; // what the stages are of, beside the steps
  #next = 1;
  #busy = false;
  #again = false;

  constructor(
    private readonly lab: Lab,
    private readonly schema: Schema,
  ) {}

  /** The experiment as it is now: another table, another split, or steps changed elsewhere. */
  follow(experiment: Experiment): void {
    const { dataset, split, seed } = experiment.data;
    const of = JSON.stringify([dataset, split, seed]);
    const another = of !== this.#of;
    if (another) {
      const table = JSON.stringify(dataset);
      const forget = this.#of === '' || JSON.stringify(JSON.parse(this.#of)[0]) !== table;
      this.#of = of;
      this.#stages = new Map();
      if (forget) this.#adopt(experiment);
    } else if (!this.#busy && this.state !== 'refused' && !this.#isSame(experiment))
      this.#adopt(experiment);
    else return;
    void this.#check();
  }

  get at(): number {
    return this.steps.findIndex(({ key }) => key === this.chosen);
  }

  /** The table before a step, or after the last; null where it is not known. */
  stage(index: number): Stage | null {
    return this.#stages.get(this.#lead(index)) ?? null;
  }

  /** The table before a step, or the nearest one before it that is known. */
  nearest(index: number): Stage | null {
    for (let i = index; i >= 0; i--) {
      const found = this.stage(i);
      if (found) return found;
    }
    return null;
  }

  node(step: KindValue): Schema | undefined {
    const items = at(this.schema, 'data', 'preparation').items as Schema;
    return variant(items, step.kind)?.node;
  }

  title(step: KindValue): string {
    return String(this.node(step)?.title ?? step.kind);
  }

  // -- what a person does ------------------------------------------------------------------

  /** A step after the one that is looked at, or at a place. */
  add(kind: string, place = this.at < 0 ? this.steps.length : this.at + 1): void {
    const step = { key: this.#next++, value: { kind } };
    this.said = `${this.title(step.value)} added as step ${place + 1}.`;
    this.chosen = step.key;
    this.#change(this.steps.toSpliced(place, 0, step));
  }

  remove(index: number): void {
    const step = this.steps[index];
    if (!step) return;
    this.said = `${this.title(step.value)} removed.`;
    const left = this.steps.toSpliced(index, 1);
    if (this.chosen === step.key) this.chosen = (left[index] ?? left.at(-1))?.key ?? null;
    this.#change(left);
  }

  move(from: number, to: number): void {
    const step = this.steps[from];
    if (!step || to < 0 || to >= this.steps.length) return;
    this.said = `${this.title(step.value)} is step ${to + 1} of ${this.steps.length} now.`;
    this.#change(moved(this.steps, from, to));
  }

  set(index: number, patch: { [name: string]: KindValue[string] }): void {
    const step = this.steps[index];
    if (!step) return;
    const value = { ...step.value, ...patch };
    this.#change(this.steps.toSpliced(index, 1, { ...step, value }));
  }

  /** Back to the steps that the session has. */
  restore(): void {
    const { session } = this.lab;
    if (!session) return;
    this.#adopt(session.experiment);
    void this.#check();
  }

  // -- asking ------------------------------------------------------------------------------

  #change(steps: Step[]): void {
    this.steps = steps;
    void this.#check();
  }

  /** One question is under way at a time; what is changed meanwhile is asked about after it. */
  async #check(): Promise<void> {
    this.#again = this.#busy;
    if (this.#busy) return;
    this.#busy = true;
    do {
      this.#again = false;
      this.state = 'asking';
      await this.#ask();
    } while (this.#again);
    this.#busy = false;
  }

  async #ask(): Promise<void> {
    const { session } = this.lab;
    if (!session) return;
    const preparation = this.steps.map(({ value }) => value);
    const leads = Array.from({ length: preparation.length + 1 }, (_, i) => this.#lead(i));
    try {
      const { stages } = await prepare({ ...session.experiment.data, preparation });
      this.#remember(leads, stages);
    } catch (error) {
      this.problems = problemsOf(error);
      this.state = 'refused';
      await this.#lookAhead(session.experiment.data, preparation, leads);
      return;
    }
    if (this.#again) return;
    await this.#apply(preparation);
  }

  /**
   * Where each step can be done and only what they come to is not yet numbers, what they do can be
   * seen: with what the refusal says is missing after them.
   */
  async #lookAhead(
    data: Experiment['data'],
    preparation: KindValue[],
    leads: string[],
  ): Promise<void> {
    const kinds = this.#kinds();
    let added = preparation;
    let problems = this.problems;
    for (let i = 0; i < MOST_MENDS && !this.#again; i++) {
      const [problem] = problems;
      const [mend] = problem && stepOf(problem) === null ? mendsOf(problem, kinds) : [];
      if (!mend) return;
      added = [...added, { kind: mend }];
      try {
        const { stages } = await prepare({ ...data, preparation: added });
        this.#remember(leads, stages);
        return;
      } catch (error) {
        problems = problemsOf(error);
      }
    }
  }

  #kinds(): string[] {
    const items = at(this.schema, 'data', 'preparation').items as Schema;
    return variants(items).map(({ kind }) => kind);
  }

  async #apply(preparation: KindValue[]): Promise<void> {
    const now = this.lab.session;
    this.problems = [];
    if (!now || this.#isSame(now.experiment)) {
      this.state = 'same';
      return;
    }
    const done = await this.lab.patch({ data: { preparation } }, 'preparation');
    this.problems = done ? [] : this.lab.problems;
    this.state = done ? 'applied' : 'refused';
  }

  #remember(leads: string[], stages: Stage[]): void {
    const known = [...this.#stages, ...leads.map((lead, i) => [lead, stages[i]] as const)];
    this.#stages = new Map(
      known.filter((one): one is [string, Stage] => one[1] !== undefined).slice(-MOST_STAGES),
    );
  }

  #lead(count: number): string {
    return JSON.stringify(this.steps.slice(0, count).map(({ value }) => this.#whole(value)));
  }

  #whole(step: KindValue): KindValue {
    const full = whole(this.schema, this.node(step), step);
    return Object.fromEntries(Object.entries(full).sort()) as KindValue;
  }

  #isSame(experiment: Experiment): boolean {
    const theirs = stepsOf(experiment).map((step) => this.#whole(step));
    return same(
      theirs,
      this.steps.map(({ value }) => this.#whole(value)),
    );
  }

  #adopt(experiment: Experiment): void {
    this.steps = stepsOf(experiment).map((value) => ({ key: this.#next++, value }));
    this.problems = [];
    this.chosen = this.steps[0]?.key ?? null;
  }
}
