import type { ViewRequest } from '../types';

/** Who wants which view. One of each kind is asked for, as the last who came would have it. */
export class ViewRequests {
  #wants: ViewRequest[] = [];
  #asked = '[]';
  #planned = false;

  constructor(private readonly ask: () => void) {}

  want(view: ViewRequest): () => void {
    const mine = { ...view };
    this.#wants.push(mine);
    this.#plan();
    return () => {
      const at = this.#wants.indexOf(mine);
      if (at < 0) return;
      this.#wants.splice(at, 1);
      this.#plan();
    };
  }

  list(): ViewRequest[] {
    const byKind = new Map(this.#wants.map((view) => [view.kind, view]));
    return [...byKind.values()].sort((a, b) => a.kind.localeCompare(b.kind));
  }

  /** Rooms mount and unmount together: ask once for all of them. */
  #plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    queueMicrotask(() => {
      this.#planned = false;
      const asked = JSON.stringify(this.list());
      if (asked === this.#asked) return;
      this.#asked = asked;
      this.ask();
    });
  }
}
