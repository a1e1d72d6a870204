/** Where a run's line runs: a place from 0 (bottom) to 1 (top) on every axis. */

import { formatLoss, formatShort } from '../pictures/numbers';
import type { Json } from '../types';
import type { RangeBody, Run, Summary, SummaryAxis } from './wire';

export interface Axis {
  title: string;
  /** Labels at their places. */
  ticks: { at: number; text: string }[];
  place: (run: Run) => number;
}

/** A value in words: its own name, where the axis has one for it. */
export const valueText = (value: Json, axis?: SummaryAxis): string => {
  const chosen = axis?.choices?.find((choice) => choice.value === kindOf(value));
  return chosen?.title ?? plainText(value);
};

const kindOf = (value: Json): Json =>
  typeof value === 'object' && value && !Array.isArray(value) ? (value.kind ?? null) : value;

function plainText(value: Json): string {
  if (typeof value === 'number') return formatShort(value);
  if (value === null) return 'none';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'object' && !Array.isArray(value)) return String(value.kind ?? 'an object');
  return String(value);
}

const MOST_TICKS = 6;

/** The axes of the settings in their order, the loss last. */
export function axesOf({ axes, runs, sweep, part }: Summary): Axis[] {
  const varied = axes.map((axis, a) => {
    const range = sweep.axes[a]?.range;
    const values = runs.map((run) => run.values[a] as Json);
    const of = (run: Run) => run.values[a] as Json;
    return { title: axis.title, ...scaleOf(values, range, of, axis) };
  });
  return [...varied, { title: `${capital(part)} loss`, ...lossScale(runs) }];
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

type Scale = Omit<Axis, 'title'>;

/** Of a range, on its scale; values that were listed stand side by side. */
function scaleOf(
  values: Json[],
  range: RangeBody | null | undefined,
  of: (run: Run) => Json,
  axis: SummaryAxis,
): Scale {
  const distinct = [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
  const numbers = distinct.filter((value) => typeof value === 'number');
  if (!range || numbers.length <= 1) return nominal(distinct, of, axis);
  const log = range.scale === 'log';
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const share = shareOn(low, high, log);
  const sorted = numbers.sort((a, b) => a - b);
  const shown = sorted.length <= MOST_TICKS ? sorted : [low, between(low, high, log), high];
  return {
    ticks: shown.map((value) => ({ at: share(value), text: formatShort(value) })),
    place: (run) => share(of(run) as number),
  };
}

function nominal(distinct: Json[], of: (run: Run) => Json, axis: SummaryAxis): Scale {
  const names = distinct.map((value) => JSON.stringify(value));
  const at = (i: number) => (names.length > 1 ? i / (names.length - 1) : 0.5);
  return {
    ticks: distinct.map((value, i) => ({ at: at(i), text: valueText(value, axis) })),
    place: (run) => at(names.indexOf(JSON.stringify(of(run)))),
  };
}

/** Losses on a logarithm, where they are all above zero. */
function lossScale(runs: Run[]): Scale {
  const losses = runs.flatMap(({ loss }) => (loss === null ? [] : [loss]));
  if (!losses.length) return { ticks: [], place: () => 0.5 };
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  const share = shareOn(low, high, low > 0);
  const shown = low === high ? [low] : [low, between(low, high, low > 0), high];
  return {
    ticks: shown.map((value) => ({ at: share(value), text: formatLoss(value) })),
    place: (run) => share(run.loss ?? high),
  };
}

const between = (low: number, high: number, log: boolean) =>
  log ? Math.sqrt(low * high) : (low + high) / 2;

function shareOn(low: number, high: number, log: boolean): (value: number) => number {
  if (low === high) return () => 0.5;
  if (log) return (value) => Math.log(value / low) / Math.log(high / low);
  return (value) => (value - low) / (high - low);
}

// -- colour --------------------------------------------------------------------------------

/** Runs from the lowest loss to the highest; those without one are left out. */
export const ranked = (runs: Run[]): Run[] =>
  runs
    .filter(({ loss, status }) => loss !== null && (status === 'done' || status === 'stopped'))
    .sort((a, b) => (a.loss ?? 0) - (b.loss ?? 0) || a.run - b.run);

/** The best stands out from the page: dark on light, light on dark (stops of cividis). */
const STOPS = {
  light: ['#00224e', '#575d6d', '#c7b05a'],
  dark: ['#fee838', '#a59c74', '#45628f'],
} as const;

/** A colour from the best (0) to the worst (1), told apart with any kind of colour vision. */
export function rankColor(share: number, dark: boolean): string {
  const [best, middle, worst] = dark ? STOPS.dark : STOPS.light;
  return share < 0.5
    ? `color-mix(in oklab, ${best}, ${middle} ${Math.round(share * 200)}%)`
    : `color-mix(in oklab, ${middle}, ${worst} ${Math.round((share - 0.5) * 200)}%)`;
}

/** The colour of every run by its number. */
export function colorsOf(runs: Run[], dark: boolean): Map<number, string> {
  const order = ranked(runs);
  const last = Math.max(1, order.length - 1);
  return new Map(order.map(({ run }, i) => [run, rankColor(i / last, dark)]));
}
