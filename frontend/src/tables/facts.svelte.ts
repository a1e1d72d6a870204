import type { Experiment, Json, Problem } from '../types';
import { Refused } from '../wire/api';
import type { Prepared } from './table';
import { prepare } from './wire';

/** What the server says of an experiment's table; asked once for everybody who looks. */
class TableFacts {
  /** Of the data that were asked about last; of an older one until the answer is there. */
  prepared = $state.raw<Prepared | null>(null);
  problems = $state.raw<Problem[]>([]);
  #asked = '';

  /** Ask, unless it is known. */
  ask(data: Experiment['data']): void {
    const key = keyOf(data);
    if (key === this.#asked || !Array.isArray(data.preparation)) return;
    if (this.#asked && kindOf(this.#asked) !== kindOf(key)) this.prepared = null;
    this.#asked = key;
    prepare(data).then(
      (prepared) => this.#take(key, prepared, []),
      (error: unknown) => this.#take(key, null, problemsOf(error)),
    );
  }

  #take(key: string, prepared: Prepared | null, problems: Problem[]): void {
    if (key !== this.#asked) return;
    if (prepared) this.prepared = prepared;
    else this.#asked = ''; // another try may find the server again
    this.problems = problems;
  }
}

/** All that the stages hang on. */
export const keyOf = ({ dataset, preparation, split, seed }: Experiment['data']): string =>
  JSON.stringify([dataset, preparation ?? null, split, seed] as unknown as Json);

const kindOf = (key: string): string => JSON.stringify((JSON.parse(key) as Json[])[0]);

export function problemsOf(error: unknown): Problem[] {
  if (error instanceof Refused) return error.problems;
  return [{ path: '', message: 'The server cannot be reached; try again when it is back.' }];
}

export const facts = new TableFacts();
