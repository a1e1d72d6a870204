/** All that was done to the run on the screen, as its log says. */

import type { LabStore } from '../state/lab.svelte';
import type { RunLog } from '../types';
import { getLog } from '../wire/api';
import { momentOf } from './moment';

const PAUSE_MS = 250;

/**
 * Reads the log again when something may have been done. In the past a log ends at its moment,
 * so what is known of the run stays; to be made while a component is being created.
 */
export class Record {
  log = $state.raw<RunLog | null>(null);
  #id = '';

  constructor(lab: LabStore) {
    $effect(() => {
      void [lab.session, lab.status, lab.lastAction];
      const timer = setTimeout(() => void this.#read(lab), PAUSE_MS);
      return () => clearTimeout(timer);
    });
  }

  async #read(lab: LabStore): Promise<void> {
    const id = lab.session?.id;
    if (!id || (id === this.#id && momentOf(lab.frame, lab.session).past)) return;
    const log = await getLog(id).catch(() => null); // it is read again with the next change
    if (!log || lab.session?.id !== id) return;
    this.#id = id;
    this.log = log;
  }
}
