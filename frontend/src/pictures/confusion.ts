import type { Counts, Session } from '../types';
import { PARTS, type Part } from './nearest';

export interface ClassScore {
  /** Examples that truly are of the class. */
  support: number;
  /** Of those taken for the class, the share that are; null if none was. */
  precision: number | null;
  /** Of those of the class, the share taken for it; null if there are none. */
  recall: number | null;
}

/** Rows of a (classes, classes) matrix; row the true class, column the predicted one. */
export function rows({ shape, data }: Counts): number[][] {
  const n = shape[0] ?? 0;
  return Array.from({ length: n }, (_, i) => Array.from(data.subarray(i * n, (i + 1) * n)));
}

type Parted = Pick<Session, 'counts'> & Partial<Pick<Session, 'experiment'>>;

/** Whether the test part is told of only when it is asked. */
export const isSealed = ({ experiment }: Partial<Pick<Session, 'experiment'>>): boolean =>
  experiment?.data.split.sealed === true;

/** The parts that have points, and are told of. */
export const partsOf = (session: Parted): Part[] =>
  ([0, 1, 2] as const).filter(
    (part) => session.counts[PARTS[part]] > 0 && !(part === 2 && isSealed(session)),
  );

/** The part that was chosen, where it has points; else the last that has. */
export function partShown(chosen: Part, session: Parted): Part {
  const parts = partsOf(session);
  return parts.includes(chosen) ? chosen : (parts.at(-1) ?? 0);
}

const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);

export function classScores(matrix: number[][]): ClassScore[] {
  return matrix.map((row, k) => {
    const right = row[k] ?? 0;
    const taken = sum(matrix.map((r) => r[k] ?? 0));
    const support = sum(row);
    return { support, precision: share(right, taken), recall: share(right, support) };
  });
}

/** The share on the diagonal; null without examples. */
export function accuracy(matrix: number[][]): number | null {
  return share(sum(matrix.map((row, k) => row[k] ?? 0)), sum(matrix.map(sum)));
}

/** A row's counts as shares of the row, for its shading. */
export function shares(row: number[]): number[] {
  const whole = sum(row);
  return row.map((count) => (whole ? count / whole : 0));
}
