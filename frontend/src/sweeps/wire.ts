/** Sweeps as the server says them (docs/protocol.md). */

import type { Experiment, Json, Session } from '../types';
import { call } from '../wire/api';

export type RunStatus = 'waiting' | 'training' | 'done' | 'stopped' | 'diverged' | 'failed';

export interface Run {
  run: number;
  setting: number;
  values: Json[];
  seed: number;
  status: RunStatus;
  message: string | null;
  step: number;
  steps: number;
  loss: number | null;
  score: number | null;
  digest: string | null;
}

export interface Setting {
  setting: number;
  values: Json[];
  runs: number[];
  /** Mean and standard deviation over the seeds that are over. */
  loss: number | null;
  deviation: number | null;
}

export interface SummaryAxis {
  path: string;
  title: string;
  /** What the form calls its values, where it has names for them (`named`). */
  choices?: { value: Json; title: string }[];
}

export interface Summary {
  id: string;
  state: 'running' | 'cancelled' | 'done';
  sweep: SweepBody;
  axes: SummaryAxis[];
  part: 'validation' | 'test';
  score: 'accuracy' | 'r2';
  progress: { runs: number; finished: number; training: number; fraction: number };
  runs: Run[];
  settings: Setting[];
  best: number | null;
  importance: { axes: number[]; seed: number; rest: number } | null;
}

/** As a link's moment has it: base64 of bytes over `range`, or values over x. */
export interface SurfaceBody {
  range: [number, number];
  size: number;
  maps?: string[];
  lines?: number[][];
}

export interface Ensemble extends Setting {
  members: number;
  mean: SurfaceBody | null;
  spread: SurfaceBody | null;
}

export interface RangeBody {
  low: number;
  high: number;
  scale: 'linear' | 'log';
  count: number;
}

export interface AxisBody {
  path: string;
  values?: Json[] | null;
  range?: RangeBody | null;
}

export interface SweepBody {
  experiment: Experiment;
  axes: AxisBody[];
  mode: { kind: 'grid' } | { kind: 'random'; count: number; seed: number };
  seeds: number;
  epochs?: number | null;
  steps?: number | null;
}

export const begin = (body: SweepBody) =>
  call<Summary & { secret: string }>('POST', '/sweeps', body as unknown as Json);
export const read = (id: string) => call<Summary>('GET', `/sweeps/${id}`);
export const surfaces = (id: string, since: number) =>
  call<{ version: number; surfaces: Record<string, SurfaceBody> }>(
    'GET',
    `/sweeps/${id}/surfaces?since=${since}`,
  );
export const ensemble = (id: string, setting: number) =>
  call<Ensemble>('GET', `/sweeps/${id}/settings/${setting}`);
export const cancel = (id: string, secret: string) =>
  call<Summary>('POST', `/sweeps/${id}/cancel`, undefined, secret);
export const resume = (id: string, secret: string) =>
  call<Summary>('POST', `/sweeps/${id}/resume`, undefined, secret);
export const forget = (id: string, secret: string) =>
  call<void>('DELETE', `/sweeps/${id}`, undefined, secret);
export const open = (id: string, run: number) =>
  call<Session>('POST', `/sweeps/${id}/runs/${run}/open`);
