/** Weights set by hand: the newest value of each goes out, one command at a time. */

import type { Edit, WeightRef } from '../types';

/** One name per weight. */
export const nameOf = ({ layer, param, index }: WeightRef): string => `${layer} ${param} ${index}`;

export class Edits {
  #send: (edit: Edit) => Promise<unknown>;
  #waiting = new Map<string, Edit>();
  #running = false;

  constructor(send: (edit: Edit) => Promise<unknown>) {
    this.#send = send;
  }

  /** Resolves when everything that waits has been sent. */
  async set(ref: WeightRef, value: number): Promise<void> {
    this.#waiting.set(nameOf(ref), { kind: 'edit', ...ref, value });
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#take(); next; next = this.#take()) await this.#send(next);
    } finally {
      this.#running = false;
    }
  }

  /** What waits goes out at once: there is no later. */
  flush(): void {
    for (let next = this.#take(); next; next = this.#take()) void this.#send(next);
  }

  #take(): Edit | null {
    const first = this.#waiting.entries().next().value;
    if (!first) return null;
    this.#waiting.delete(first[0]);
    return first[1];
  }
}
