/** Runs that are kept on the page, to be compared with and gone back to. */

import { readTab, writeTab } from '../state/storage';
import type { Bytes, Curve, Experiment, Floats, Frame, Lab, RunLog, Session } from '../types';
import { getLog } from '../wire/api';
import { experimentOf, upTo } from './log';
import { rowAt } from './moment';

export const MOST_PINS = 6;
const MOST_ROWS = 300;
const MOST_LOG = 200_000; // letters of a log that a reload is to find again
const KEY = 'pins';

export interface PinnedRun {
  /** From 0: its number, less one, and its colour. */
  slot: number;
  experiment: Experiment;
  step: number;
  epoch: number;
  problem: Session['problem'];
  dimensions: Session['dimensions'];
  range: Session['range'];
  metrics: Frame['metrics'];
  columns: string[];
  rows: (number | null)[][];
  surface: Surface | null;
  /** Null where it was too long to be kept over a reload. */
  log: RunLog | null;
}

interface Surface {
  values: Bytes | Floats;
  range: [number, number];
}

export const nameOf = ({ slot }: Pick<PinnedRun, 'slot'>): string => `Run ${slot + 1}`;

/** What is on the screen. */
export function shown(
  { curve }: Lab,
  session: Session,
  frame: Frame,
): Omit<PinnedRun, 'slot' | 'log'> {
  const rows = curve.rows.slice(0, rowAt(curve, frame.step) + 1);
  return {
    experiment: session.experiment,
    step: frame.step,
    epoch: frame.epoch,
    problem: session.problem,
    dimensions: session.dimensions,
    range: session.range,
    metrics: frame.metrics,
    columns: curve.columns,
    rows: thinned(rows).map((row) => Array.from(row, written)),
    surface: frame.views.surface ?? null,
  };
}

/** The curve as the chart takes it. */
export const curveOf = ({ columns, rows }: PinnedRun): Curve => ({
  columns,
  rows: rows.map((row) => Float32Array.from(row, (value) => value ?? Number.NaN)),
});

function thinned<T>(rows: readonly T[]): T[] {
  const every = Math.ceil(rows.length / MOST_ROWS);
  return rows.filter((_, i) => (rows.length - 1 - i) % every === 0);
}

const written = (value: number): number | null =>
  Number.isFinite(value) ? Number(value.toPrecision(6)) : null;

class Pins {
  runs = $state.raw<PinnedRun[]>(stored());

  get full(): boolean {
    return this.runs.length >= MOST_PINS;
  }

  /**
   * Keep what is on the screen now, and the log that leads there; null where there is no room
   * or the run is no more. Rejects where the server does not give the log.
   */
  async pin(lab: Lab): Promise<PinnedRun | null> {
    const { session, frame } = lab;
    if (!session || !frame) return null;
    const seen = shown(lab, session, frame);
    const log = await getLog(session.id);
    return log.step < seen.step ? null : this.add(seen, upTo(log, seen.step));
  }

  add(seen: Omit<PinnedRun, 'slot' | 'log'>, log: RunLog): PinnedRun | null {
    const slot = firstFree(this.runs);
    if (slot === null) return null;
    const pinned = { ...seen, experiment: experimentOf(log), log, slot };
    this.#set([...this.runs, pinned].sort((a, b) => a.slot - b.slot));
    return pinned;
  }

  remove(slot: number): void {
    this.#set(this.runs.filter((run) => run.slot !== slot));
  }

  #set(runs: PinnedRun[]): void {
    this.runs = runs;
    writeTab(KEY, runs.map(packed));
  }
}

function firstFree(runs: readonly PinnedRun[]): number | null {
  const free = Array.from({ length: MOST_PINS }, (_, i) => i);
  return free.find((slot) => !runs.some((run) => run.slot === slot)) ?? null;
}

// -- over a reload -----------------------------------------------------------------------------

type Packed = Omit<PinnedRun, 'surface'> & {
  surface: { shape: number[]; bytes: boolean; data: string; range: [number, number] } | null;
};

function packed({ surface, log, ...run }: PinnedRun): Packed {
  const kept = log && JSON.stringify(log).length <= MOST_LOG ? log : null;
  if (!surface) return { ...run, log: kept, surface: null };
  const { shape, data } = surface.values;
  const view = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const text = btoa(Array.from(view, (byte) => String.fromCharCode(byte)).join(''));
  const bytes = data instanceof Uint8Array;
  return { ...run, log: kept, surface: { shape, bytes, data: text, range: surface.range } };
}

function unpacked({ surface, ...run }: Packed): PinnedRun {
  if (!surface) return { ...run, surface: null };
  const { shape, bytes, range } = surface;
  const data = Uint8Array.from(atob(surface.data), (letter) => letter.charCodeAt(0));
  const values = bytes ? { shape, data } : { shape, data: new Float32Array(data.buffer) };
  return { ...run, surface: { values: values as Bytes | Floats, range } };
}

function stored(): PinnedRun[] {
  const runs = readTab(KEY);
  try {
    return Array.isArray(runs) ? (runs as Packed[]).map(unpacked) : [];
  } catch {
    return []; // of another version of the page
  }
}

export const pins = new Pins();
