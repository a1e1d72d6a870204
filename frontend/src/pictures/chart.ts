/** The loss chart's look and manners, as uPlot's options. */

import type uPlot from 'uplot';
import { parseHex, textOn } from './colors';
import { formatShort, formatTick } from './numbers';

export interface Series {
  name: string;
  color: string;
  dash?: number[];
  /** One of many, behind the others: thin, and no dot where the cursor is. */
  faint?: boolean;
}

/** A line of another run, with a number at its end. */
export interface OverlaySeries extends Series {
  mark: string;
}

export interface Look {
  width: number;
  height: number;
  ink: string;
  grid: string;
  log: boolean;
  /** Raw values are drawn faint behind as many smoothed ones. */
  raw: boolean;
  /** Their columns come last. */
  overlays: OverlaySeries[];
}

export interface Manners {
  /** The cursor is over row `index`; null: over none. */
  oncursor: (index: number | null) => void;
  /** Someone zoomed in or out by dragging. */
  onzoom: (zoomed: boolean) => void;
  /** Where on the x axis a line stands; null: nowhere. */
  moment: () => number | null;
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
      ...series.map((one) => line(one, one.faint ? 0.25 : 1)),
      ...(look.raw ? series.map((one) => line(one, 0.3)) : []),
      ...look.overlays.map((one) => line(one, 1)),
    ],
    cursor: {
      drag: { x: true, y: false, setScale: true, dist: 6 },
      y: false,
      points: { size: (_, i) => (series[i - 1]?.faint ? 0 : 7) },
    },
    hooks: {
      setCursor: [(chart) => manners.oncursor(chart.cursor.idx ?? null)],
      setSelect: [(chart) => manners.onzoom(chart.select.width > 0)],
      draw: [
        (chart) => drawMarks(chart, look.overlays),
        (chart) => drawMoment(chart, manners.moment(), look.ink),
      ],
    },
  };
}

const MARK = 6; // radius

/** The number of every other run, at the end of its line; where another's is, left of that. */
function drawMarks(chart: uPlot, overlays: OverlaySeries[]): void {
  const { ctx, data } = chart;
  const scale = devicePixelRatio || 1;
  const radius = MARK * scale;
  const first = data.length - overlays.length;
  const placed: [number, number][] = [];
  overlays.forEach(({ color, mark }, i) => {
    const end = endOf(chart, data[first + i] ?? []);
    if (!end) return;
    const y = end[1];
    let x = end[0];
    while (placed.some(([px, py]) => Math.hypot(px - x, py - y) < 2 * radius)) x -= radius / 2;
    placed.push([x, y]);
    ctx.save();
    ctx.fillStyle = color;
    ctx.beginPath();
    ctx.arc(x, y, radius, 0, 2 * Math.PI);
    ctx.fill();
    ctx.fillStyle = textOn(parseHex(color));
    ctx.font = `700 ${9 * scale}px system-ui, sans-serif`;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    ctx.fillText(mark, x, y + 0.5 * scale);
    ctx.restore();
  });
}

/** Where the last value of a column lies on the canvas, if that is in sight. */
function endOf(chart: uPlot, column: uPlot.AlignedData[number]): [number, number] | null {
  const last = column.findLastIndex((value) => typeof value === 'number');
  const [at, value] = [chart.data[0][last], column[last]];
  if (typeof at !== 'number' || typeof value !== 'number') return null;
  const { left, top, width, height } = chart.bbox;
  const [x, y] = [chart.valToPos(at, 'x', true), chart.valToPos(value, 'y', true)];
  const inside = x >= left && x <= left + width && y >= top && y <= top + height;
  return inside ? [x, y] : null;
}

function drawMoment(chart: uPlot, at: number | null, ink: string): void {
  const { min, max } = chart.scales.x ?? {};
  if (at === null || typeof min !== 'number' || typeof max !== 'number') return;
  if (at < min || at > max) return;
  const { ctx, bbox } = chart;
  const x = chart.valToPos(at, 'x', true);
  ctx.save();
  ctx.strokeStyle = ink;
  ctx.lineWidth = 2 * (devicePixelRatio || 1);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
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
