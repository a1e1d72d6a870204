/** Weights set by hand: the newest value of each goes out, one command at a time. */

import type { Command } from '../types';

export interface WeightRef {
  layer: number;
  param: 'w' | 'b';
  index: number[];
}

type Edit = Extract<Command, { kind: 'edit' }>;

export class Edits {
  #send: (edit: Edit) => Promise<unknown>;
  #waiting = new Map<string, Edit>();
  #running = false;

  constructor(send: (edit: Edit) => Promise<unknown>) {
    this.#send = send;
  }

  /** Resolves when everything that waits has been sent. */
  async set(ref: WeightRef, value: number): Promise<void> {
    if (!Number.isFinite(value)) return;
    this.#waiting.set(`${ref.layer} ${ref.param} ${ref.index}`, { kind: 'edit', ...ref, value });
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#take(); next; next = this.#take()) await this.#send(next);
    } finally {
      this.#running = false;
    }
  }

  #take(): Edit | null {
    const first = this.#waiting.entries().next().value;
    if (!first) return null;
    this.#waiting.delete(first[0]);
    return first[1];
  }
}
