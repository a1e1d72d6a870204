/** The curves as a picture: loss, and accuracy or R² below it. */

import { scaleLinear, scaleLog } from 'd3-scale';
import { logTicks } from '../pictures/chart';
import { parseHex, textOn } from '../pictures/colors';
import { type Column, chartData } from '../pictures/curves';
import type { Line } from '../pictures/lines';
import { formatShort, formatTick } from '../pictures/numbers';
import type { Curve } from '../types';
import { type Axis, axes, type Frame, type Scale } from './axes';
import type { Look } from './look';
import { label, picture, polyline, tag } from './svg';

/** How the curves are read on the page. */
export interface Reading {
  smoothing: number;
  steps: boolean;
}

/** A line of another run, with a mark at its end. */
export interface Other {
  name: string;
  mark: string;
  color: string;
  curve: Curve;
  column: string;
}

export interface Panel {
  title: string;
  lines: readonly Line[];
  log: boolean;
  others: readonly Other[];
}

const WIDTH = 720;
const SIDES = { left: 62, width: 630, height: 190 };
const TOP = 62;
const STEP = 256; // from panel to panel
const KEY = 92; // width of a line's name
const ROW = 20;

/** Panels of curves below each other; the lines are those of the first in all of them. */
export function curvesSvg(
  curve: Curve,
  panels: readonly Panel[],
  reading: Reading,
  look: Look,
): string {
  const [first] = panels;
  const top = TOP + (first?.others.length ? ROW : 0);
  const title = panels.map((panel) => panel.title).join(' and ');
  const heading = { x: 20, y: 32, 'font-size': 17, 'font-weight': 600, fill: look.ink };
  const size = { width: WIDTH, height: top + STEP * panels.length - 14 };
  return picture(size, look.paper, title, [
    label(title, heading),
    ...(first ? [names(first.lines, look), marks(first.others, look)] : []),
    ...panels.map((panel, i) => drawn(curve, panel, reading, look, top + STEP * i)),
  ]);
}

function names(lines: readonly Line[], look: Look): string {
  if (lines.length < 2) return ''; // the title says it
  return lines
    .map(({ title, color, dash }, i) => {
      const x = WIDTH - 28 - KEY * (lines.length - i);
      const line = { d: `M${x} 27h20`, stroke: color, 'stroke-width': 2 };
      return (
        tag('path', { ...line, 'stroke-dasharray': dash?.join(' ') }) +
        label(title, { x: x + 26, y: 31, 'font-size': 12, fill: look.ink })
      );
    })
    .join('');
}

/** The other runs, by their marks. */
function marks(others: readonly Other[], look: Look): string {
  return others
    .map((other, i) => {
      const x = WIDTH - 28 - KEY * (others.length - i) + 13;
      const words = { x: x + 13, y: 55, 'font-size': 12, fill: look.ink };
      return mark(other, x, 51) + label(other.name, words);
    })
    .join('');
}

function mark({ mark, color }: Other, cx: number, cy: number): string {
  const words = { 'font-size': 9, 'font-weight': 700, 'text-anchor': 'middle' };
  return (
    tag('circle', { cx, cy, r: 6.5, fill: color }) +
    label(mark, { ...words, x: cx, y: cy + 3.2, fill: textOn(parseHex(color)) })
  );
}

function drawn(
  curve: Curve,
  { title, lines, log, others }: Panel,
  { smoothing, steps }: Reading,
  look: Look,
  top: number,
): string {
  const x = steps ? 'step' : 'epoch';
  const how = { smoothing, log };
  const columns = lines.map((line) => line.name);
  const [xs = [], ...own] = chartData(curve, x, columns, how);
  const theirs = others.map((one) => chartData(one.curve, x, [one.column], how));
  const frame: Frame = { ...SIDES, top };
  const values = [...own.slice(0, lines.length), ...theirs.map(([, ys = []]) => ys)];
  const across = acrossAxis([xs, ...theirs.map(([at = []]) => at)].flat(), steps, frame);
  const up = upAxis(values.flat(), log, title, frame);
  const path = (at: Column, ys: Column = []) =>
    polyline(ys.map((value, row) => place(at[row], value, across, up)));
  const line = { fill: 'none', 'stroke-width': 1.75 };
  const behind = others.map((one, i) => {
    const [at = [], ys = []] = theirs[i] ?? [];
    const last = ys.findLastIndex((value) => value !== null);
    const end = place(at[last], ys[last] ?? null, across, up);
    const d = path(at, ys);
    return tag('path', { ...line, d, stroke: one.color }) + (end ? mark(one, ...end) : '');
  });
  const front = lines.map(({ color, dash }, i) =>
    tag('path', {
      ...line,
      d: path(xs, own[i]),
      stroke: color,
      'stroke-dasharray': dash?.join(' '),
    }),
  );
  const grid = up.ticks.map((tick) =>
    tag('path', { d: `M${frame.left} ${up.scale(tick)}h${frame.width}`, stroke: look.line }),
  );
  return [...grid, axes(frame, across, up, look), ...front, ...behind].join('');
}

function place(x: number | null | undefined, y: number | null, across: Axis, up: Axis) {
  const missing = x === null || x === undefined || y === null;
  return missing ? null : ([across.scale(x), up.scale(y)] as const);
}

function acrossAxis(xs: Column, steps: boolean, { left, width }: Frame): Axis {
  const [first, last] = spanOf(xs) ?? [0, 1];
  const scale = scaleLinear([first, last || 1], [left, left + width]);
  const ticks = scale.ticks(8);
  return {
    scale,
    ticks,
    title: steps ? 'Step' : 'Epoch',
    write: (tick) => formatTick(tick, gap(ticks)),
  };
}

function upAxis(values: Column, log: boolean, title: string, { top, height }: Frame): Axis {
  const [low, high] = spanOf(values) ?? [0.1, 1];
  const range = [top + height, top];
  if (log) {
    const scale: Scale = scaleLog([low, high > low ? high : low * 10], range);
    return { scale, ticks: logTicks(low, high), title, write: formatShort };
  }
  const scale = scaleLinear([low, high > low ? high : low + 1], range).nice(5);
  const ticks = scale.ticks(5);
  return { scale, ticks, title, write: (tick) => formatTick(tick, gap(ticks)) };
}

function spanOf(values: Column): [number, number] | null {
  const known = values.filter((value) => value !== null);
  return known.length ? [Math.min(...known), Math.max(...known)] : null;
}

function gap(ticks: readonly number[]): number {
  return (ticks[1] ?? 1) - (ticks[0] ?? 0);
}
