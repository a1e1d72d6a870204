import type { Problem } from '../types';
import { problemsOf } from './facts.svelte';

const REST_MS = 300; // between two answers

/** The answer to the newest of many questions: one is under way at a time. */
export class Latest<T> {
  value = $state.raw<T | null>(null);
  problems = $state.raw<Problem[]>([]);
  #next: (() => Promise<T>) | null = null;
  #busy = false;

  ask(question: () => Promise<T>): void {
    this.#next = question;
    if (!this.#busy) void this.#work();
  }

  /** What waits is not asked any more. */
  stop(): void {
    this.#next = null;
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#next) {
      const question = this.#next;
      this.#next = null;
      try {
        this.value = await question();
        this.problems = [];
      } catch (error) {
        this.problems = problemsOf(error);
      }
      await new Promise((rested) => setTimeout(rested, REST_MS));
    }
    this.#busy = false;
  }
}
