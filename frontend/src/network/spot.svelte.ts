import type { Lab, Spotlight } from '../types';

/** What the big plot shows instead of the output: hovered for a moment, or pinned. */
export class Spot {
  #lab: Lab;
  #pinned = $state.raw<Spotlight>(null);
  #hovering = false;

  constructor(lab: Lab) {
    this.#lab = lab;
    $effect(() => {
      // Let go of by another room.
      if (lab.spotlight === null && !this.#hovering) this.#pinned = null;
    });
  }

  hover(what: Spotlight): void {
    this.#hovering = true;
    if (!sameSpot(this.#lab.spotlight, what)) this.#lab.spotlight = what;
  }

  leave(): void {
    this.#hovering = false;
    if (!sameSpot(this.#lab.spotlight, this.#pinned)) this.#lab.spotlight = this.#pinned;
  }

  /** Keep it there, or let it go when it is kept already. */
  toggle(what: Spotlight): void {
    this.#pinned = sameSpot(this.#pinned, what) ? null : what;
    this.#lab.spotlight = this.#pinned;
  }

  clear(): void {
    this.#pinned = null;
    this.leave();
  }

  isPinned(what: Spotlight): boolean {
    return this.#pinned !== null && sameSpot(this.#pinned, what);
  }

  get pinned(): Spotlight {
    return this.#pinned;
  }
}

export function sameSpot(a: Spotlight, b: Spotlight): boolean {
  if (a === null || b === null) return a === b;
  if (a.type === 'feature') return b.type === 'feature' && a.name === b.name;
  return a.type === b.type && a.layer === b.layer && a.unit === b.unit;
}
