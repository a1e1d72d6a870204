/** Datasets that are made of a person's own file: the schema says which, and what they ask. */

import { at, type Property, properties, type Variant, variants } from '../forms/schema';
import type { Json, KindValue, Schema } from '../types';

export const isOwn = (node: Schema): boolean => node['x-own'] === true;

export interface OwnKind extends Variant {
  /** Of files that it is read from: `.csv`. */
  endings: string[];
}

export const ownKinds = (schema: Schema): OwnKind[] =>
  variants(at(schema, 'data', 'dataset'))
    .filter(({ node }) => isOwn(node))
    .map((kind) => ({ ...kind, endings: endingsOf(kind.node) }));

const endingsOf = ({ 'x-accept': accept }: Schema): string[] =>
  typeof accept === 'string' ? accept.split(',').map((one) => one.trim().toLowerCase()) : [];

/** All endings that something reads, for a file chooser and for what is left out of a folder. */
export const allEndings = (kinds: OwnKind[]): string[] => [
  ...new Set(kinds.flatMap(({ endings }) => endings)),
];

type Widget = 'upload' | 'types' | 'column';

/** The fields of a kind that are set in a way of their own. */
export const fieldsBy = (schema: Schema, node: Schema, widget: Widget): Property[] =>
  properties(schema, node).filter((field) => field.node['x-widget'] === widget);

/** Those that stand in the dialog alone, and not in the form of the panel. */
export const dialogFields = (schema: Schema, node: Schema): string[] =>
  (['upload', 'types', 'column'] as const).flatMap((widget) =>
    fieldsBy(schema, node, widget).map(({ name }) => name),
  );

/** The digest of a dataset's file; null: it is the sample. */
export function fileOf({ file }: KindValue): string | null {
  return typeof file === 'string' ? file : null;
}

/** What a column is said to be, against the guess. */
export interface Typed {
  column: string;
  kind: string;
}

export const typesOf = ({ types }: KindValue): Typed[] =>
  Array.isArray(types) ? (types as unknown as Typed[]) : [];

/** The types with that of one column said; by itself it is guessed. */
export function withType(dataset: KindValue, column: string, kind: string | null): KindValue {
  const others = typesOf(dataset).filter((one) => one.column !== column);
  const types = kind === null ? others : [...others, { column, kind }];
  return { ...dataset, types: types as unknown as Json };
}

/**
 * The dataset that the columns of a file are asked about as: the kind that is a table, for the
 * others that are made of one. null: it is not made of a table.
 */
export function tableOf(schema: Schema, dataset: KindValue): KindValue | null {
  const kinds = ownKinds(schema);
  const mine = kinds.find(({ kind }) => kind === dataset.kind);
  if (!mine || !fieldsBy(schema, mine.node, 'types').length) return null;
  if (mine.node['x-form'] === 'table') return dataset;
  const table = kinds.find(({ node }) => node['x-form'] === 'table');
  if (!table) return null;
  const { file = null, types = [] } = dataset;
  return { kind: table.kind, file, types };
}
