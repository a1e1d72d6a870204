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
    padding: [8, 10, 0, 0],
    legend: { show: false },
    scales: { x: { time: false }, y: { distr: look.log ? 3 : 1 } },
    axes: [
      { ...axis(formatTick), size: 20, space: 60 },
      { ...axis(look.log ? formatShort : formatTick), size: 46, space: 26 },
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
