/** The loss chart's look and manners, as uPlot's options. */

import type uPlot from 'uplot';
import { formatShort, formatTick } from './numbers';

export interface Series {
  name: string;
  color: string;
  dash?: number[];
}

export interface Look {
  width: number;
  height: number;
  ink: string;
  grid: string;
  log: boolean;
  /** Raw values are drawn faint behind as many smoothed ones. */
  raw: boolean;
}

export interface Manners {
  /** The cursor is over row `index`; null: over none. */
  oncursor: (index: number | null) => void;
  /** Someone zoomed in or out by dragging. */
  onzoom: (zoomed: boolean) => void;
}

const FONT = '11px system-ui, sans-serif';

export function chartOptions(series: Series[], look: Look, manners: Manners): uPlot.Options {
  const line = ({ color, dash }: Series, alpha: number): uPlot.Series => ({
    stroke: color,
    width: alpha === 1 ? 1.75 : 1,
    alpha,
    points: { show: false },
    spanGaps: true,
    ...(dash ? { dash } : {}),
  });
  const axis = (values: (v: number, increment: number) => string): uPlot.Axis => ({
    stroke: look.ink,
    font: FONT,
    grid: { stroke: look.grid, width: 1 },
    ticks: { stroke: look.grid, width: 1, size: 3 },
    gap: 3,
    values: (_, splits, __, ___, increment) =>
      splits.map((v) => (v === null ? '' : values(v, increment))),
  });
  return {
    width: look.width,
    height: look.height,
    padding: [8, 16, 0, 0],
    legend: { show: false },
    scales: { x: { time: false }, y: look.log ? { distr: 3, range: around } : {} },
    axes: [
      { ...axis(formatTick), size: 20, space: 60 },
      look.log
        ? {
            ...axis(formatShort),
            size: 46,
            splits: (_, __, low, high) => logTicks(low, high),
            filter: (_, ticks) => ticks,
          }
        : { ...axis(formatTick), size: 46, space: 26 },
    ],
    series: [
      {},
      ...series.map((one) => line(one, 1)),
      ...(look.raw ? series.map((one) => line(one, 0.3)) : []),
    ],
    cursor: { drag: { x: true, y: false, setScale: true, dist: 6 }, y: false, points: { size: 7 } },
    hooks: {
      setCursor: [(chart) => manners.oncursor(chart.cursor.idx ?? null)],
      setSelect: [(chart) => manners.onzoom(chart.select.width > 0)],
    },
  };
}

/** A log axis from the line below the values to the line above, not to whole decades. */
const around: uPlot.Range.Function = (_, low, high) => {
  if (!(low > 0)) return [0.1, 1];
  const [below, above] = [10 ** Math.floor(Math.log10(low)), 10 ** Math.floor(Math.log10(high))];
  return [Math.floor(low / below) * below, Math.ceil((high / above) * 1.01) * above];
};

/** Powers of ten, of not too many decades; within two decades also their double and fivefold. */
export function logTicks(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low));
  const decades = Math.ceil(Math.log10(high)) - first;
  const every = Math.ceil(decades / 4);
  const powers = Array.from({ length: decades + 1 }, (_, i) => first + i);
  const digits = high / low > 100 ? [1] : [1, 2, 5];
  return powers
    .filter((power) => power % every === 0)
    .flatMap((power) => digits.map((digit) => Number(`${digit}e${power}`)))
    .filter((tick) => tick >= low && tick <= high);
}
