/** The curves as a picture: loss, and accuracy or R² below it. */

import { scaleLinear, scaleLog } from 'd3-scale';
import { logTicks } from '../pictures/chart';
import { type Column, chartData } from '../pictures/curves';
import { PART_TITLES, PARTS, type Part } from '../pictures/nearest';
import { formatShort, formatTick } from '../pictures/numbers';
import type { Curve, Session } from '../types';
import { type Axis, axes, type Frame, type Scale } from './axes';
import type { Look } from './look';
import { label, picture, polyline, tag } from './svg';

/** How the curves are read on the page. */
export interface Reading {
  log: boolean;
  smoothing: number;
  steps: boolean;
}

const WIDTH = 720;
const PANEL = { left: 62, width: 630, height: 190 };
const TOPS = [62, 318];
const HEIGHT = 560;
const DASHES = [undefined, '6 4', '2 3'];

export function curvesSvg(curve: Curve, session: Session, reading: Reading, look: Look): string {
  const parts = ([0, 1, 2] as const).filter((part) => part !== 1 || session.counts.validation > 0);
  const score = session.problem === 'regression' ? 'R²' : 'Accuracy';
  const title = `Loss and ${score === 'R²' ? score : 'accuracy'}`;
  const panels = [
    panel(curve, 'loss', 'Loss', parts, reading, look, TOPS[0] as number),
    panel(curve, 'score', score, parts, { ...reading, log: false }, look, TOPS[1] as number),
  ];
  const heading = label(title, {
    x: 20,
    y: 32,
    'font-size': 17,
    'font-weight': 600,
    fill: look.ink,
  });
  return picture({ width: WIDTH, height: HEIGHT }, look.paper, title, [
    heading,
    legend(parts, look),
    ...panels,
  ]);
}

function legend(parts: readonly Part[], look: Look): string {
  return parts
    .map((part, i) => {
      const x = WIDTH - 28 - 92 * (parts.length - i);
      const line = { d: `M${x} 27h20`, stroke: look.parts[part], 'stroke-width': 2 };
      return (
        tag('path', { ...line, 'stroke-dasharray': DASHES[part] }) +
        label(PART_TITLES[part], { x: x + 26, y: 31, 'font-size': 12, fill: look.ink })
      );
    })
    .join('');
}

function panel(
  curve: Curve,
  what: string,
  title: string,
  parts: readonly Part[],
  { log, smoothing, steps }: Reading,
  look: Look,
  top: number,
): string {
  const names = parts.map((part) => `${PARTS[part]}_${what}`);
  const x = steps ? 'step' : 'epoch';
  const [xs = [], ...lines] = chartData(curve, x, names, { smoothing, log });
  const frame: Frame = { ...PANEL, top };
  const across = acrossAxis(xs, steps ? 'Step' : 'Epoch', frame);
  const up = upAxis(lines.slice(0, parts.length).flat(), log, title, frame);
  const drawn = parts.map((part, i) => {
    const points = (lines[i] ?? []).map((value, row) => place(xs[row], value, across, up));
    const look_ = { stroke: look.parts[part], 'stroke-dasharray': DASHES[part] };
    return tag('path', { d: polyline(points), fill: 'none', 'stroke-width': 1.75, ...look_ });
  });
  const grid = up.ticks.map((tick) =>
    tag('path', { d: `M${frame.left} ${up.scale(tick)}h${frame.width}`, stroke: look.line }),
  );
  return [...grid, axes(frame, across, up, look), ...drawn].join('');
}

function place(x: number | null | undefined, y: number | null, across: Axis, up: Axis) {
  const missing = x === null || x === undefined || y === null;
  return missing ? null : ([across.scale(x), up.scale(y)] as const);
}

function acrossAxis(xs: Column, title: string, { left, width }: Frame): Axis {
  const last = xs.at(-1) || 1;
  const scale = scaleLinear([xs[0] ?? 0, last], [left, left + width]);
  const ticks = scale.ticks(8);
  return { scale, ticks, title, write: (tick) => formatTick(tick, gap(ticks)) };
}

function upAxis(values: Column, log: boolean, title: string, { top, height }: Frame): Axis {
  const known = values.filter((value) => value !== null);
  const [low, high] = known.length ? [Math.min(...known), Math.max(...known)] : [0.1, 1];
  const range = [top + height, top];
  if (log) {
    const scale: Scale = scaleLog([low, high > low ? high : low * 10], range);
    return { scale, ticks: logTicks(low, high), title, write: formatShort };
  }
  const scale = scaleLinear([low, high > low ? high : low + 1], range).nice(5);
  const ticks = scale.ticks(5);
  return { scale, ticks, title, write: (tick) => formatTick(tick, gap(ticks)) };
}

function gap(ticks: readonly number[]): number {
  return (ticks[1] ?? 1) - (ticks[0] ?? 0);
}
