/** Tables as the server tells of them, and what the page makes of it: pure. */

import { at, properties, resolve, variant } from '../forms/schema';
import type {
  Bytes,
  Experiment,
  Json,
  KindValue,
  PartName,
  Problem,
  Schema,
  Tensor,
} from '../types';

export interface Spread {
  low: number;
  high: number;
  mean: number;
  deviation: number;
  quarters: [number, number, number];
  outliers: number;
  histogram: { low: number; high: number; counts: number[] };
}

/** A column, as its training rows tell. */
export interface Profile {
  name: string;
  kind: 'number' | 'category' | 'text' | 'time';
  unit: string;
  missing: number;
  numbers: Spread | null;
  counts: { different: number; most: { value: string; count: number }[] } | null;
  /** What a step has learned that it is of, such as a word. */
  about?: string;
}

export type Cell = number | string | null;

/** The table as it came in, or after a step. */
export interface Stage {
  rows: Record<PartName, number>;
  columns: Profile[];
  left_out: number;
  examples: Cell[][];
}

/** What POST /api/v1/preparation answers. */
export interface Prepared {
  answer: string;
  problem: 'classification' | 'regression';
  classes: string[];
  stages: Stage[];
  /** The first test rows as they were collected. */
  tested: { examples: Cell[][]; answers: Cell[] };
}

/** A row as it was collected, by the names of its columns. */
export type Row = { [column: string]: Cell };

/** What rounding leaves of a zero. */
const NOTHING = 1e-12;

/** A cell in few letters. */
export function cellText(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return '–';
  if (typeof cell === 'string') return cell;
  if (Number.isInteger(cell)) return String(cell).replace('-', '−');
  if (Math.abs(cell) < NOTHING) return '0';
  const text = Math.abs(cell) >= 1e-3 ? String(Number(cell.toPrecision(4))) : cell.toPrecision(2);
  return text.replace('-', '−');
}

const DAY_MS = 86_400_000;

/** A value of a column as it is read: moments, which are counted in days since 1970, by the calendar. */
export function valueText(kind: Profile['kind'], value: Cell | undefined): string {
  if (kind !== 'time' || typeof value !== 'number') return cellText(value);
  const moment = new Date(Math.round(value * DAY_MS));
  if (Number.isNaN(moment.getTime())) return cellText(value);
  const [date = '', time = ''] = moment.toISOString().split('T');
  return Number.isInteger(value) ? date : `${date} ${time.slice(0, 5)}`;
}

/** Deviations that the colour of a prepared number goes to. */
export const LIMIT = 3;

/** A prepared row as a layer's answers are sent: bytes over [-LIMIT, LIMIT]. */
export function rowBytes({ data }: Tensor): Bytes {
  const bytes = Uint8Array.from(data, (value) =>
    Math.round(127.5 * (1 + Math.max(-1, Math.min(1, value / LIMIT)))),
  );
  return { shape: [bytes.length], data: bytes };
}

/** The steps of an experiment's table; none where they are not known yet. */
export const stepsOf = ({ data }: Experiment): KindValue[] => data.preparation ?? [];

/** Whether a row is prepared with those before it, so that a row alone is none. */
export function looksBack(root: Schema | null, experiment: Experiment): boolean {
  if (!root) return false;
  const items = at(root, 'data', 'preparation').items as Schema;
  return stepsOf(experiment).some(({ kind }) => variant(items, kind)?.node['x-looks-back']);
}

/** A step with every setting said, so that two that mean the same are equal. */
export function whole(root: Schema, node: Schema | undefined, step: KindValue): KindValue {
  const usual = node ? properties(root, node).map(({ name, node }) => [name, node.default]) : [];
  return { ...Object.fromEntries(usual), ...step } as KindValue;
}

/** What a list is after one of its items has gone to another place. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const rest = list.toSpliced(from, 1);
  return rest.toSpliced(to, 0, ...list.slice(from, from + 1));
}

/** Which step an error is of; null: the list as a whole. */
export function stepOf({ path }: Problem): number | null {
  const found = /\/data\/preparation\/(\d+)/.exec(path);
  return found?.[1] === undefined ? null : Number(found[1]);
}

/** Kinds of steps that an error's sentence names as its mend. */
export function mendsOf({ message }: Problem, kinds: readonly string[]): string[] {
  const mend = message.slice(message.lastIndexOf(';') + 1);
  const named = [...mend.matchAll(/'([a-z_]+)'/g)].map(([, kind]) => kind ?? '');
  return kinds.filter((kind) => named.includes(kind));
}

/** Columns that two stages have not in common: by name, or as they are spread. */
export function changes(before: Stage, after: Stage): { before: Set<string>; after: Set<string> } {
  const told = (stage: Stage) =>
    new Map(stage.columns.map((column) => [column.name, JSON.stringify(column)]));
  const [old, fresh] = [told(before), told(after)];
  const other = (own: Map<string, string>, theirs: Map<string, string>) =>
    new Set([...own].filter(([name, text]) => theirs.get(name) !== text).map(([name]) => name));
  return { before: other(old, fresh), after: other(fresh, old) };
}

/** Beyond which values Tukey calls a number far. */
export function fences({ quarters: [low, , high] }: Spread): [number, number] {
  const reach = 1.5 * (high - low);
  return [low - reach, high + reach];
}

/** Which bars of a histogram lie beyond the fences, at least with their middle. */
export function farBars(spread: Spread): boolean[] {
  const [low, high] = fences(spread);
  const { histogram } = spread;
  const width = (histogram.high - histogram.low) / histogram.counts.length;
  return histogram.counts.map((_, i) => {
    const middle = histogram.low + (i + 0.5) * width;
    return spread.outliers > 0 && (middle < low || middle > high);
  });
}

/** The kinds of columns that a step is for. */
export const kindsOf = (node: Schema): string[] =>
  Array.isArray(node['x-kinds']) ? node['x-kinds'].map(String) : [];

/** What a step says of itself in one line: the settings that are not as usual. */
export function summary(root: Schema, node: Schema | undefined, step: KindValue): string {
  if (!node) return '';
  return properties(root, node)
    .flatMap(({ name, node }) => {
      const value = step[name];
      if (name === 'columns') return [columnsText(value)];
      if (value === undefined || value === node.default) return [];
      return [`${resolve(root, node).title ?? name}: ${value}`];
    })
    .filter(Boolean)
    .join(' · ');
}

const MOST_NAMED = 2;

function columnsText(value: Json | undefined): string {
  if (!Array.isArray(value)) return 'all that fit';
  if (value.length === 0) return 'no column';
  const rest = value.length - MOST_NAMED;
  const some = value.slice(0, MOST_NAMED).join(', ');
  return rest > 0 ? `${some} and ${rest} more` : some;
}

/** Sampled rows as points of a picture of answers against predictions. */
export function reach(values: readonly number[]): [number, number] {
  const known = values.filter(Number.isFinite);
  if (!known.length) return [0, 1];
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const margin = (high - low || Math.abs(high) || 1) * 0.05;
  return [low - margin, high + margin];
}
