import type { Json } from '../types';

type Plain = { [key: string]: Json };

const isPlain = (value: Json | undefined): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * JSON merge patch as the server applies it: a list is replaced whole, and so is an object whose
 * `kind` changes. A null stays as a null, where RFC 7396 deletes: rooms may read every key until
 * the server says what the default is. Shares what it does not change.
 */
export function merge<T extends Json>(target: T, patch: Json): T {
  if (!isPlain(patch)) return patch as T;
  const kept = isPlain(target) && !changesKind(target, patch) ? target : {};
  const merged: Plain = { ...(kept as Plain) };
  for (const [key, value] of Object.entries(patch)) merged[key] = merge(merged[key] ?? null, value);
  return merged as T;
}

const changesKind = (target: Plain, patch: Plain): boolean =>
  'kind' in patch && 'kind' in target && patch.kind !== target.kind;

/** The smallest patch with merge(from, diff(from, to)) equal to `to`; undefined when none is needed. */
export function diff(from: Json, to: Json): Json | undefined {
  if (same(from, to)) return undefined;
  if (!isPlain(from) || !isPlain(to) || changesKind(from, to)) return to;
  const patch: Plain = {};
  for (const key of Object.keys(from)) if (!(key in to)) patch[key] = null;
  for (const [key, value] of Object.entries(to)) {
    const change = key in from ? diff(from[key] as Json, value) : value;
    if (change !== undefined) patch[key] = change;
  }
  return patch;
}

/** The places a patch touches: `training/learning_rate`. */
export function touched(patch: Json, prefix = ''): string[] {
  if (!isPlain(patch)) return [prefix];
  return Object.entries(patch).flatMap(([key, value]) =>
    touched(value, prefix ? `${prefix}/${key}` : key),
  );
}

export function same(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => same(item, b[i]));
  if (!isPlain(a) || !isPlain(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => key in b && same(a[key], b[key]))
  );
}

/** Whether two values differ in numbers alone, as they do while something is dragged. */
export function differInNumbers(a: Json | undefined, b: Json | undefined): boolean {
  if (same(a, b) || (typeof a === 'number' && typeof b === 'number')) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => differInNumbers(item, b[i]));
  if (!isPlain(a) || !isPlain(b)) return false;
  return [...Object.keys(a), ...Object.keys(b)].every((key) => differInNumbers(a[key], b[key]));
}
