/** Reading the log of a run. */

import { merge } from '../state/patch';
import type { Experiment, Json, RunLog } from '../types';

/** The run as far as an earlier step; the digest is of another one then. */
export function upTo(log: RunLog, step: number): RunLog {
  if (log.step === step) return log;
  const entries = log.entries.filter((entry) => entry.step <= step);
  return { ...log, entries, step, digest: null };
}

/** The experiment after every entry there was up to the first `count` of them. */
export function experimentOf({ experiment, entries }: RunLog, count = entries.length): Experiment {
  const patches = entries
    .slice(0, count)
    .map((entry) => (entry.kind === 'changed' ? entry.patch : {}));
  return patches.reduce<Json>(merge, experiment as unknown as Json) as unknown as Experiment;
}
