/** The settings of an experiment that a sweep can vary, found in the schema. */

import {
  at,
  fieldType,
  type Limits,
  limits,
  options,
  properties,
  unwrap,
  variant,
  variants,
  words,
} from '../forms/schema';
import type { Experiment, Json, Schema } from '../types';
import type { AxisBody, Summary } from './wire';

export interface Choice {
  value: Json;
  title: string;
}

export interface Setting {
  path: string;
  title: string;
  /** What it belongs to: Training, Layer 1, … */
  group: string;
  value: Json;
  /** Of a number. */
  limits: Limits | null;
  /** Of anything else. */
  choices: Choice[];
}

/** An axis as a person is choosing it. */
export interface Draft {
  setting: Setting;
  low: number;
  high: number;
  log: boolean;
  count: number;
  chosen: Json[];
}

const LEFT_OUT = ['/version', '/seed'];
const MOST_LEVELS = 64;

export function settingsOf(schema: Schema, experiment: Experiment): Setting[] {
  const value = experiment as unknown as Json;
  const names = ['training', 'network', ...(experiment.generator ? ['generator'] : []), 'data'];
  const rooms = names.map((name) => ({
    name,
    node: at(schema, name),
  }));
  return rooms.flatMap(({ name, node }) =>
    found(schema, node, member(value, name), `/${name}`, words(node).title || name),
  );
}

function found(root: Schema, given: Schema, value: Json, path: string, group: string): Setting[] {
  const { node } = unwrap(root, given);
  const one = { path, title: words(node).title, group, value, limits: null, choices: [] };
  if (LEFT_OUT.includes(path) || value === undefined) return [];
  switch (fieldType(node)) {
    case 'number':
    case 'integer':
      return [{ ...one, limits: limits(node) }];
    case 'boolean':
      return [{ ...one, choices: YES_NO }];
    case 'choice':
      return [{ ...one, choices: options(node) }];
    case 'union':
      return union(root, node, value, one);
    case 'object':
      return inside(root, node, value, path, path.split('/').length > 2 ? one.title : group);
    default:
      return layers(root, node, value, path);
  }
}

const YES_NO: Choice[] = [
  { value: true, title: 'On' },
  { value: false, title: 'Off' },
];

function union(root: Schema, node: Schema, value: Json, one: Setting): Setting[] {
  const kinds = variants(node).map(({ kind, title }) => ({ value: kind, title }));
  const own = variant(node, String(member(value, 'kind')));
  const name = `${one.title}: ${own?.title ?? ''}`;
  return [
    { ...one, value: member(value, 'kind'), choices: kinds },
    ...(own ? inside(root, own.node, value, one.path, name) : []),
  ];
}

function inside(root: Schema, node: Schema, value: Json, path: string, group: string): Setting[] {
  return properties(root, node).flatMap((field) =>
    found(root, field.node, member(value, field.name), `${path}/${field.name}`, group),
  );
}

/** Of a list of kinds, the settings of each: what there are of them is no setting. */
function layers(root: Schema, node: Schema, value: Json, path: string): Setting[] {
  const items = node.items as Schema | undefined;
  if (!Array.isArray(value) || !items || fieldType(items) !== 'union') return [];
  return value.flatMap((layer, i) => {
    const own = variant(items, String(member(layer, 'kind')));
    return own ? inside(root, own.node, layer, `${path}/${i}`, `Layer ${i + 1}`) : [];
  });
}

const member = (value: Json, name: string): Json =>
  (value as { [key: string]: Json } | null)?.[name] as Json;

/** A sweep's summary with the names that the form has for the values of its axes. */
export function named(summary: Summary, schema: Schema): Summary {
  const settings = settingsOf(schema, summary.sweep.experiment);
  const choices = new Map(settings.map((one) => [one.path, one.choices]));
  const axes = summary.axes.map((axis) => ({ ...axis, choices: choices.get(axis.path) ?? [] }));
  return { ...summary, axes };
}

// -- drafts --------------------------------------------------------------------------------

/** What is tried of a setting unless a person says otherwise: values around its own. */
export function draftOf(setting: Setting): Draft {
  const chosen = firstChoices(setting);
  const { limits: of, value } = setting;
  if (!of) return { setting, low: 0, high: 1, log: false, count: 4, chosen };
  const now = typeof value === 'number' ? value : 0;
  const log = of.log && (now > 0 || !of.integer);
  const middle = now > 0 ? now : log ? 0.01 : 1;
  const [low, high] = log
    ? [middle / 10, middle * 10]
    : [of.integer ? 1 : middle / 2, Math.max(2, middle * 2)];
  const within = (x: number) => Math.min(of.max, Math.max(of.min, x));
  const whole = (x: number) => (of.integer ? Math.round(x) : Number(x.toPrecision(3)));
  return { setting, low: whole(within(low)), high: whole(within(high)), log, count: 4, chosen };
}

function firstChoices({ choices, value }: Setting): Json[] {
  const others = choices.map((choice) => choice.value).filter((other) => other !== value);
  const own = choices.some((choice) => choice.value === value) ? [value] : [];
  return [...own, ...others].slice(0, 3);
}

/** The levels of a grid, as the server makes them. */
export function levels({ setting, low, high, log, count, chosen }: Draft): number {
  if (!setting.limits) return chosen.length;
  const made = Array.from({ length: count }, (_, i) => {
    const t = i / (count - 1);
    const x = log ? low * (high / low) ** t : low + (high - low) * t;
    return setting.limits?.integer ? Math.round(x) : Number(x.toPrecision(6));
  });
  return new Set(made).size;
}

/** What is wrong with a draft; empty where nothing is. */
export function flaw({ setting, low, high, log, count, chosen }: Draft): string {
  const { limits: of } = setting;
  if (!of) return chosen.length ? '' : 'Choose a value at least.';
  if (![low, high, count].every(Number.isFinite)) return 'Write numbers in all three fields.';
  if (low >= high) return '“To” must be above “from”.';
  if (log && low <= 0) return 'A logarithmic scale begins above 0.';
  if (low < of.min || high > of.max) return `It goes from ${of.min} to ${of.max}.`;
  if (!Number.isInteger(count) || count < 2 || count > MOST_LEVELS)
    return `Take 2 to ${MOST_LEVELS} values.`;
  return '';
}

export function axisOf({ setting, low, high, log, count, chosen }: Draft): AxisBody {
  if (!setting.limits) return { path: setting.path, values: chosen };
  return { path: setting.path, range: { low, high, scale: log ? 'log' : 'linear', count } };
}
