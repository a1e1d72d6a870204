import { Latest } from '../tables/latest.svelte';
import type { Json, KindValue, Schema } from '../types';
import { Bringing } from './bringing.svelte';
import { type Brought, nameOf, sorted } from './gather';
import { allEndings, fileOf, ownKinds, tableOf, withType } from './kinds';
import { rememberName } from './names';
import { getProfile, type TableProfile } from './wire';

/** The room of a person's own data: what is brought, and what it is looked at as. */
export class OwnData {
  open = $state(false);
  readonly bringing = new Bringing();
  /** What the file can be used as. */
  choices = $state.raw<KindValue[]>([]);
  /** The dataset as it would be used; null: there is none to look at. */
  draft = $state.raw<KindValue | null>(null);
  readonly profile = new Latest<TableProfile>();
  #schema: Schema | null = null;
  #asked = '';

  /** The room, as it was left: what is on its way goes on behind it. */
  show(): void {
    if (this.bringing.stage.at === 'empty') this.draft = null;
    this.open = true;
  }

  /** The room, to bring another file. */
  another(): void {
    this.bringing.cancel();
    this.draft = null;
    this.open = true;
  }

  /** The file has found its use. */
  done(): void {
    this.open = false;
    this.bringing.cancel();
  }

  /** A dataset that is there, with its columns. */
  look(schema: Schema, dataset: KindValue): void {
    this.bringing.cancel();
    this.#choose(schema, [dataset]);
    this.open = true;
  }

  async bring(schema: Schema, files: Brought[]): Promise<void> {
    this.draft = null;
    this.open = true;
    const kept = sorted(files, allEndings(ownKinds(schema)));
    await this.bringing.bring(kept, nameOf(files));
    this.#take(schema);
  }

  async again(schema: Schema, ...reading: Parameters<Bringing['again']>): Promise<void> {
    this.draft = null;
    await this.bringing.again(...reading);
    this.#take(schema);
  }

  /** The same file as another kind of dataset. */
  use(choice: KindValue): void {
    const types = this.draft?.types;
    this.#set(types && 'types' in choice ? { ...choice, types } : choice);
  }

  set(patch: { [field: string]: Json }): void {
    if (this.draft) this.#set({ ...this.draft, ...patch });
  }

  setType(column: string, kind: string | null): void {
    if (this.draft) this.#set(withType(this.draft, column, kind));
  }

  #take(schema: Schema): void {
    const { stage, name } = this.bringing;
    if (stage.at !== 'done') return;
    for (const dataset of stage.upload.datasets) {
      const file = fileOf(dataset);
      if (file) rememberName(file, name);
    }
    this.#choose(schema, stage.upload.datasets);
  }

  #choose(schema: Schema, datasets: KindValue[]): void {
    this.#schema = schema;
    this.choices = datasets;
    this.profile.value = null;
    this.profile.problems = [];
    this.#asked = '';
    this.draft = null;
    if (datasets[0]) this.#set(datasets[0]);
  }

  #set(dataset: KindValue): void {
    this.draft = dataset;
    const table = this.#schema && tableOf(this.#schema, dataset);
    const asked = JSON.stringify(table);
    if (!table || asked === this.#asked) return;
    this.#asked = asked;
    this.profile.ask(() => getProfile(table));
  }
}

export const own = new OwnData();
