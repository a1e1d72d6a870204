/** What the schema says about networks: kinds of layers, limits, features, names. */

import {
  at,
  limits,
  options,
  resolve,
  unwrap,
  type Variant,
  variants,
  words,
} from '../forms/schema';
import type { Json, Option, Schema } from '../types';

export interface NetworkFacts {
  root: Schema;
  kinds: Variant[];
  mostLayers: number;
  output: Schema;
  features: Option[];
  losses: Variant[];
}

/** generator: of the second network, not of the first. */
export function factsOf(root: Schema, generator = false): NetworkFacts {
  const side = generator ? unwrap(root, at(root, 'generator')).node : at(root, 'network');
  const layers = fieldOf(root, side, 'layers') ?? {};
  const features = at(root, 'data', 'features');
  return {
    root,
    kinds: variants(itemsOf(root, layers)),
    mostLayers: typeof layers.maxItems === 'number' ? layers.maxItems : Number.POSITIVE_INFINITY,
    output: fieldOf(root, side, 'output') ?? {},
    features: options(itemsOf(root, features)),
    losses: variants(at(root, 'training', 'loss')),
  };
}

function itemsOf(root: Schema, node: Schema): Schema {
  return resolve(root, (node.items ?? {}) as Schema);
}

/** A field of a layer or output, if its kind has it. */
export function fieldOf(root: Schema, node: Schema | undefined, name: string): Schema | null {
  const fields = node?.properties as Record<string, Schema> | undefined;
  const field = fields?.[name];
  return field ? unwrap(root, field).node : null;
}

/** Fields by which a layer is as wide as a person likes. */
const WIDTHS = ['units', 'filters'] as const;

/** The field that says how many units or maps a layer of this kind has, if one does. */
export function widthField(root: Schema, node: Schema | undefined): string | null {
  return WIDTHS.find((name) => fieldOf(root, node, name)) ?? null;
}

/** How many units a layer of this kind may have; null where it has none to set. */
export function unitLimits(
  root: Schema,
  node: Schema | undefined,
): { least: number; most: number } | null {
  const field = fieldOf(root, node, widthField(root, node) ?? '');
  if (!field) return null;
  const { min, max } = limits(field);
  return { least: min, most: max };
}

/** Ranks of examples that a kind of layer reads. */
export function reads({ node }: Variant): number[] {
  const ranks = node['x-reads'];
  return Array.isArray(ranks) ? ranks.map(Number) : [];
}

/** Whether a kind of layer reads tokens, and so nothing else. */
export function readsTokens(root: Schema, { node }: Variant): boolean {
  return fieldOf(root, node, 'tokens') !== null;
}

/** How the schema calls the value of a field, or its default: a choice's title. */
export function titleOf(field: Schema | null, value: Json | undefined): string {
  if (!field) return '';
  const chosen = value ?? field.default ?? '';
  return options(field).find((option) => option.value === chosen)?.title ?? String(chosen);
}

export function titleOfKind(kinds: Variant[], kind: string): string {
  const known = kinds.find((one) => one.kind === kind);
  return known ? words(known.node).title : kind;
}

/** The features that a person can choose from: those of the problem that are not hidden. */
export function featureChoices(
  features: Option[],
  dimensions: number,
  active: readonly string[],
  hide: Record<string, boolean>,
): Option[] {
  return features.filter((option) => {
    const uses = Array.isArray(option.uses) ? option.uses : [];
    if (dimensions === 1 && uses.includes('y')) return false;
    return active.includes(option.value) || !isHidden(option, hide);
  });
}

/** Whether a lesson has taken this feature's button away. */
export function isHidden(option: Option, hide: Record<string, boolean>): boolean {
  return Boolean(hide[String(option.tf ?? option.value)]);
}

/** The features after a click on one, in the order of the registry; null: the last one stays. */
export function toggleFeature(
  features: Option[],
  active: readonly string[],
  name: string,
): string[] | null {
  const without = active.filter((one) => one !== name);
  if (without.length === 0) return null;
  const wanted = without.length === active.length ? [...active, name] : without;
  return features.map((option) => option.value).filter((value) => wanted.includes(value));
}
