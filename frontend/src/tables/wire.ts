import type { Experiment, Json } from '../types';
import { call } from '../wire/api';
import type { Prepared, Row } from './table';

/** A table as it came in and after every step; a refusal names the step. */
export const prepare = (data: Experiment['data']) =>
  call<Prepared>('POST', '/preparation', { data } as unknown as Json);

export interface Predicted {
  outputs: number[][];
  classes: number[] | null;
}

/** What a session says of rows as they were collected: numbers in their own unit. */
export const predictRows = (id: string, rows: Row[]) =>
  call<Predicted>('POST', `/sessions/${id}/predict`, { rows } as unknown as Json);

/** What it says of prepared rows: numbers by `scale`. */
export const predictInputs = (id: string, inputs: number[][]) =>
  call<Predicted>('POST', `/sessions/${id}/predict`, { inputs });
