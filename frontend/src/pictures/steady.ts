/** Findings that come and go from frame to frame, as something that can be read. */

import type { Finding } from './diagnosis';

/** A finding must hold this long before it is shown… */
export const APPEAR_MS = 700;
/** …and be gone this long before it is taken away. */
export const VANISH_MS = 2000;

interface Memory {
  since: number;
  seen: number;
  finding: Finding;
}

export class Steady {
  #memory = new Map<Finding['id'], Memory>();

  /** What is to be shown at `now` (ms), given what is found now. */
  update(found: readonly Finding[], now: number): Finding[] {
    for (const finding of found) {
      const known = this.#memory.get(finding.id);
      this.#memory.set(finding.id, { since: known?.since ?? now, seen: now, finding });
    }
    for (const [id, { since, seen }] of this.#memory) {
      const shown = seen - since >= APPEAR_MS;
      if (seen < now && (!shown || now - seen >= VANISH_MS)) this.#memory.delete(id);
    }
    return [...this.#memory.values()]
      .filter(({ since }) => now - since >= APPEAR_MS)
      .map(({ finding }) => finding);
  }
}
