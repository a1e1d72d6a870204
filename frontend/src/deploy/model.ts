/** Deployed models as the server tells of them, and how they are asked. */

import type { Evaluation, Form, Json, Problem } from '../types';
import { call, Refused } from '../wire/api';

/** A column of a table as it was collected. */
export interface RawColumn {
  name: string;
  kind: 'number' | 'category' | 'text';
  categories: string[];
  unit: string;
  /** Whether a value may be left out. */
  gaps: boolean;
  /** Whether it is more than dropped. */
  used: boolean;
  /** To begin with. */
  usual: number | string | null;
}

export interface Deployed {
  id: string;
  path: string;
  title: string;
  created: number;
  step: number;
  digest: string;
  calls: number;
  called: number | null;
  dataset: { kind: string; title: string; source: string; licence: string };
  caution: string;
  form: Form;
  problem: 'classification' | 'regression';
  input_shape: number[];
  label_shape: number[];
  class_names: string[];
  vocabulary: string[];
  columns: RawColumn[] | null;
  answer: { name: string; unit: string } | null;
  parameters: number;
  evaluation: (Evaluation & { asked: number }) | null;
}

/** What a deployed model is sent. */
export type Asked = { rows: { [column: string]: Json }[] } | { inputs: Json[] };

export interface Answer {
  outputs: Json[];
  classes: Json[] | null;
  names: Json[] | null;
  probabilities: { [name: string]: number | null }[] | null;
}

export const deploy = (session: string, secret: string, title: string) =>
  call<Deployed & { key: string }>('POST', '/deployments', { session, title }, secret);
export const deploymentsOf = (session: string) =>
  call<Deployed[]>('GET', `/sessions/${session}/deployments`);
export const forget = (id: string, secret: string) =>
  call<void>('DELETE', `/deployments/${id}`, undefined, secret);
export const ask = (id: string, key: string, asked: Asked) =>
  call<Answer>('POST', `/deployments/${id}/predict`, asked as unknown as Json, key);

/** What went wrong, in sentences. */
export const said = (error: unknown): Problem[] =>
  error instanceof Refused
    ? error.problems
    : [{ path: '', message: 'The server cannot be reached; try again.' }];

/** A text as a model of tokens takes it: words on the right of what is padded, or letters. */
export function tokensOf(text: string, vocabulary: readonly string[], length: number): number[] {
  const known = new Map(vocabulary.map((token, i) => [token, i]));
  const padding = known.get('·') ?? 0;
  if (vocabulary.some((token) => [...token].length > 1)) {
    const words = text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
    const tokens = words.map((word) => known.get(word) ?? known.get('…') ?? padding);
    return [...Array<number>(length).fill(padding), ...tokens].slice(-length);
  }
  const letters = [...text].flatMap(
    (letter) => known.get(letter === '\n' ? '↵' : letter) ?? known.get(letter.toLowerCase()) ?? [],
  );
  return [...letters.slice(-length), ...Array<number>(length).fill(padding)].slice(0, length);
}

/** Numbers written line by line, a step each; null where they are not as many as are asked for. */
export function numbersOf(text: string, steps: number, features: number): number[][] | null {
  const lines = text.split('\n').filter((line) => line.trim());
  const rows = lines.map((line) =>
    line
      .trim()
      .split(/[\s,;]+/)
      .map(Number),
  );
  const right = rows.every((row) => row.length === features && row.every(Number.isFinite));
  return right && rows.length === steps ? rows : null;
}

/** Flat bytes of a picture, nested as it is sent. */
export function nested(bytes: ArrayLike<number>, shape: readonly number[]): Json[] {
  const [height = 1, width = 1, channels = 1] = shape;
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) =>
      Array.from({ length: channels }, (_, c) => bytes[(y * width + x) * channels + c] ?? 0),
    ),
  );
}

export interface Bar {
  name: string;
  share: number;
}

/** The likeliest classes of the first example, as many as are shown; none without probabilities. */
export function barsOf(answer: Answer, most: number): Bar[] {
  const [first] = answer.probabilities ?? [];
  const all = Object.entries(first ?? {}).map(([name, share]) => ({ name, share: share ?? 0 }));
  return all.sort((a, b) => b.share - a.share).slice(0, most);
}

/** A long example is told of in a snippet, not written out. */
const LONG = 20_000;

function bodyText(asked: Asked): string {
  const text = JSON.stringify(asked);
  return text.length > LONG ? `${text.slice(0, LONG)} …` : text;
}

/** How curl asks it. */
export function curlCode(origin: string, id: string, key: string, asked: Asked): string {
  const long = JSON.stringify(asked).length > LONG;
  const body = long ? '@example.json' : `'${bodyText(asked).replaceAll("'", "'\\''")}'`;
  return [
    `curl -X POST ${origin}/api/v1/deployments/${id}/predict \\`,
    `  -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' \\`,
    `  -d ${body}`,
  ].join('\n');
}

/** How the Python client asks it. */
export function pythonCode(origin: string, id: string, key: string, asked: Asked): string {
  const rows = 'rows' in asked;
  const long = JSON.stringify(asked).length > LONG;
  const given = rows ? asked.rows : asked.inputs;
  const value = long ? 'examples' : pythonText(given);
  return [
    'from layerlab import DeployedModel',
    '',
    `model = DeployedModel("${origin}/d/${id}", key="${key}")`,
    `print(model.predict(${rows ? 'rows' : 'inputs'}=${value}))`,
  ].join('\n');
}

function pythonText(value: Json): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map(pythonText).join(', ')}]`;
  if (typeof value === 'object') {
    const pairs = Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}: ${pythonText(v)}`);
    return `{${pairs.join(', ')}}`;
  }
  return JSON.stringify(value);
}

/** "26 Nov 2026, 09:15". */
export const when = (seconds: number): string =>
  new Date(1000 * seconds).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

/** What a test said, in a few words. */
export function testText(tested: Pick<Evaluation, 'loss' | 'accuracy' | 'r2'>): string {
  const score = tested.accuracy ?? tested.r2;
  const name = tested.accuracy !== undefined ? 'right' : 'R²';
  const share = tested.accuracy !== undefined && score != null;
  const told =
    score == null
      ? ''
      : share
        ? `${(100 * score).toFixed(1)} % right`
        : `${name} ${score.toFixed(3)}`;
  const loss = tested.loss == null ? '' : `loss ${tested.loss.toPrecision(3)}`;
  return [told, loss].filter(Boolean).join(', ');
}
