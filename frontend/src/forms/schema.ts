import type { Json, KindValue, Option, Schema, Session } from '../types';

/** Reading the JSON Schema that the server publishes (docs/protocol.md). */

const isNode = (value: Json | undefined): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);
const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
const numberOr = (value: Json | undefined, usual: number): number =>
  typeof value === 'number' ? value : usual;

/** The node itself, its `$ref` followed; what stands beside the `$ref` wins. */
export function resolve(root: Schema, node: Schema): Schema {
  const ref = text(node.$ref);
  if (!ref) return node;
  const { $ref: _, ...beside } = node;
  const target = ref
    .replace(/^#\//, '')
    .split('/')
    .reduce<Json | undefined>((at, key) => (isNode(at) ? at[key] : undefined), root);
  if (!isNode(target)) throw new ReferenceError(`the schema has no ${ref}`);
  return { ...resolve(root, target), ...beside };
}

export interface Property {
  name: string;
  node: Schema;
}

/** An object's fields in their order, less `kind`, which is chosen elsewhere. */
export function properties(root: Schema, node: Schema): Property[] {
  const fields = resolve(root, node).properties;
  if (!isNode(fields)) return [];
  return Object.entries(fields)
    .filter(([name]) => name !== 'kind')
    .flatMap(([name, field]) => (isNode(field) ? [{ name, node: resolve(root, field) }] : []));
}

/** The node of a field: `at(schema, 'training', 'optimizer')`. */
export function at(root: Schema, ...path: string[]): Schema {
  return path.reduce((node, name) => {
    const found = properties(root, node).find((property) => property.name === name);
    if (!found) throw new ReferenceError(`the schema has no field ${path.join('/')}`);
    return found.node;
  }, root);
}

export function defaultOf(root: Schema, path: string[]): Json | undefined {
  const node = at(root, ...path);
  const usual = node.default;
  return typeof usual === 'string' && node.oneOf ? { kind: usual } : usual;
}

/** `anyOf [X, null]`: X with the words and hints around it, and that it may be empty. */
export function unwrap(root: Schema, node: Schema): { node: Schema; nullable: boolean } {
  const { anyOf, ...around } = resolve(root, node);
  if (!Array.isArray(anyOf)) return { node: around, nullable: false };
  const inner = anyOf.filter(isNode).map((choice) => resolve(root, choice));
  const some = inner.find((choice) => choice.type !== 'null') ?? {};
  return { node: { ...some, ...around }, nullable: inner.some((choice) => choice.type === 'null') };
}

export type FieldType =
  | 'number'
  | 'integer'
  | 'boolean'
  | 'choice'
  | 'union'
  | 'object'
  | 'text'
  | 'numbers'
  | 'other';

const SIMPLE: Record<string, FieldType> = {
  number: 'number',
  integer: 'integer',
  boolean: 'boolean',
  object: 'object',
  string: 'text',
};

export function fieldType(node: Schema): FieldType {
  if (Array.isArray(node.oneOf)) return 'union';
  if (Array.isArray(node.enum)) return 'choice';
  if (node.type === 'array' && isNode(node.items) && node.items.type === 'integer')
    return 'numbers';
  return SIMPLE[text(node.type)] ?? 'other';
}

export interface Words {
  title: string;
  help: string;
  formula: string;
  source: string;
}

export const words = (node: Schema): Words => ({
  title: text(node.title),
  help: text(node.description),
  formula: text(node['x-formula']),
  source: text(node['x-source']),
});

/** Names to choose from, with their words. */
export function options(node: Schema): Option[] {
  const described = list(node['x-options']).filter(isNode);
  if (described.length) return described as unknown as Option[];
  return list(node.enum).map((value) => ({
    value: String(value),
    title: sentence(String(value)),
    help: '',
    formula: '',
  }));
}

const sentence = (name: string): string => {
  const spaced = name.replaceAll('_', ' ');
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
};

export interface Variant extends Words {
  kind: string;
  node: Schema;
}

/**
 * The kinds of a union: all, or those for a problem (classification, regression).
 * rebuilds: whether examples are rebuilt, for which there may be more.
 */
export function variants(node: Schema, problem?: string, rebuilds = false): Variant[] {
  const suits = (kind: Schema) => {
    const problems = kind['x-problems'];
    if (!problem || !Array.isArray(problems) || problems.includes(problem)) return true;
    return rebuilds && kind['x-rebuilds'] === true;
  };
  return list(node.oneOf)
    .filter(isNode)
    .filter(suits)
    .map((schema) => ({ ...words(schema), kind: kindOf(schema), node: schema }));
}

/** Whether a session's examples are themselves what is to be answered. */
export const rebuilds = (session: Session | null): boolean =>
  session?.experiment.data.target === 'input';

function kindOf(schema: Schema): string {
  const kind = isNode(schema.properties) ? schema.properties.kind : undefined;
  return isNode(kind) ? text(kind.const) : '';
}

export const variant = (node: Schema, kind: string): Variant | undefined =>
  variants(node).find((one) => one.kind === kind);

/** What a field holds, or its default until the server has filled it in. */
export function fieldValue(node: Schema, value: Json | undefined): Json {
  if (value !== undefined) return value;
  const usual = node.default ?? null;
  return typeof usual === 'string' && node.oneOf ? { kind: usual } : usual;
}

export const kindValue = (value: Json): KindValue =>
  isNode(value) && typeof value.kind === 'string' ? (value as KindValue) : { kind: String(value) };

export interface Limits {
  min: number;
  max: number;
  /** The limit itself is not allowed. */
  above: boolean;
  below: boolean;
  integer: boolean;
  log: boolean;
  stops: number[];
}

export function limits(node: Schema): Limits {
  const above = typeof node.exclusiveMinimum === 'number';
  const below = typeof node.exclusiveMaximum === 'number';
  return {
    min: numberOr(above ? node.exclusiveMinimum : node.minimum, Number.NEGATIVE_INFINITY),
    max: numberOr(below ? node.exclusiveMaximum : node.maximum, Number.POSITIVE_INFINITY),
    above,
    below,
    integer: node.type === 'integer',
    log: node['x-scale'] === 'log',
    stops: list(node['x-choices']).filter((stop) => typeof stop === 'number'),
  };
}

/** What an empty field begins with when it is switched on. */
export function startOf(node: Schema): Json {
  if (fieldType(node) === 'object') return {};
  const { stops, min, max, above } = limits(node);
  if (stops.length) return stops[Math.floor((stops.length - 1) / 2)] as number;
  const usual = options(node)[0];
  if (usual) return usual.value;
  return min < 1 && max >= 1 ? 1 : above || !Number.isFinite(min) ? max : min;
}

/** What moving a field does to training: live, keep or reset. */
export const changeOf = (node: Schema): string => text(node['x-change']) || 'reset';
