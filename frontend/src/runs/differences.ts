/** In which settings experiments differ, in the words of the schema. */

import {
  fieldType,
  options,
  properties,
  resolve,
  unwrap,
  type Variant,
  variant,
  words,
} from '../forms/schema';
import { same } from '../state/patch';
import type { Experiment, Json, Schema } from '../types';

export interface Difference {
  /** Where it stands: `training/optimizer/momentum`. */
  path: string;
  title: string;
  /** One text for each experiment. */
  values: string[];
}

/** What an experiment has no such setting for. */
export const NONE = '–';
const SECTIONS = new Set(['data', 'network', 'training']);

type Value = Json | undefined;
type Plain = { [key: string]: Json };

interface Place {
  path: string;
  /** Said before the title of what lies inside. */
  prefix: string;
  title: string;
  /** A value, or undefined where an experiment has none. */
  values: Value[];
}

/** The settings that are not the same in all of them, in the order of the schema. */
export function differences(root: Schema, experiments: readonly Experiment[]): Difference[] {
  const values = experiments as unknown as Plain[];
  return fields(root, root, { path: '', prefix: '', title: '', values });
}

function compare(root: Schema, schema: Schema, place: Place): Difference[] {
  const here = place.values.filter((value) => value !== undefined);
  if (here.every((value) => same(value, here[0]))) return [];
  const { node, nullable } = unwrap(root, schema);
  const type = fieldType(node);
  if (type === 'union') return unions(root, node, place);
  if (type === 'object') return objects(root, node, place, nullable);
  if (isUnionList(root, node)) return items(root, node, place);
  return [row(place, (value) => text(root, node, value))];
}

/** One setting after the other; an experiment that has none of them is not asked. */
function fields(root: Schema, node: Schema, place: Place): Difference[] {
  const inside = SECTIONS.has(place.path) || place.path === '' ? '' : `${titled(place)}: `;
  return properties(root, node).flatMap(({ name, node: field }) =>
    compare(root, field, {
      path: place.path ? `${place.path}/${name}` : name,
      prefix: inside,
      title: words(field).title,
      values: place.values.map((value) => (isPlain(value) ? value[name] : undefined)),
    }),
  );
}

function unions(root: Schema, node: Schema, place: Place): Difference[] {
  const kinds = place.values.map(kindOf);
  const known = [...new Set(kinds)].flatMap((kind) => variant(node, kind ?? '') ?? []);
  const differ = known.length > 1 ? [row(place, (value) => kindTitle(known, value))] : [];
  const inside = known.flatMap((one) => {
    const values = place.values.map((value) => (kindOf(value) === one.kind ? value : undefined));
    return fields(root, one.node, { ...place, values });
  });
  return [...differ, ...inside];
}

function objects(root: Schema, node: Schema, place: Place, nullable: boolean): Difference[] {
  const off = place.values.some((value) => value === null);
  const differ = nullable && off ? [row(place, (value) => (value === null ? 'off' : 'on'))] : [];
  return [...differ, ...fields(root, node, place)];
}

/** A list of kinds, as the hidden layers are: one after the other, by number. */
function items(root: Schema, node: Schema, place: Place): Difference[] {
  const item = resolve(root, node.items as Schema);
  const lists = place.values.map((value) => (Array.isArray(value) ? value : undefined));
  const most = Math.max(...lists.map((list) => list?.length ?? 0));
  return Array.from({ length: most }, (_, i) => i).flatMap((i) => {
    const values = lists.map((list) => list?.[i]);
    const one = {
      path: `${place.path}/${i}`,
      prefix: place.prefix,
      title: `Layer ${i + 1}`,
      values,
    };
    const missing = lists.some((list) => list && list.length <= i);
    const whole = missing ? [row(one, (value) => summary(item, value))] : [];
    return [...whole, ...compare(root, item, one)];
  });
}

const isUnionList = (root: Schema, node: Schema): boolean =>
  node.type === 'array' && Array.isArray(resolve(root, (node.items ?? {}) as Schema).oneOf);

function summary(item: Schema, value: Value): string {
  const kind = kindOf(value);
  if (!kind) return NONE;
  const title = variant(item, kind)?.title ?? kind;
  const units = isPlain(value) ? value.units : undefined;
  return typeof units === 'number' ? `${title}, ${units}` : title;
}

const titled = ({ prefix, title }: Place): string => prefix + title;

const row = (place: Place, write: (value: Json) => string): Difference => ({
  path: place.path,
  title: titled(place),
  values: place.values.map((value) => (value === undefined ? NONE : write(value))),
});

const isPlain = (value: Value): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const kindOf = (value: Value): string | undefined =>
  isPlain(value) && typeof value.kind === 'string' ? value.kind : undefined;

const kindTitle = (known: Variant[], value: Json): string =>
  known.find(({ kind }) => kind === kindOf(value))?.title ?? String(kindOf(value));

function text(root: Schema, node: Schema, value: Json): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (value === null) return fieldType(node) === 'choice' ? 'default' : 'off';
  if (typeof value === 'number') return number(value);
  if (Array.isArray(value)) return list(root, node, value);
  if (typeof value === 'string')
    return options(node).find((option) => option.value === value)?.title ?? value;
  return JSON.stringify(value);
}

/** Names as the schema calls them; of anything else, how many there are. */
function list(root: Schema, node: Schema, value: Json[]): string {
  const named = options(resolve(root, (node.items ?? {}) as Schema));
  if (named.length === 0) return number(value.length);
  return value.map((one) => named.find((option) => option.value === one)?.title ?? one).join(', ');
}

const number = (value: number): string =>
  Number.isInteger(value) ? value.toLocaleString('en') : String(Number(value.toPrecision(6)));
