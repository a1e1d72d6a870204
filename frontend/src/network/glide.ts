/** Columns that move to their new places in a moment instead of jumping there. */

const MOMENT = 140; // ms

export class Glide {
  #now = new Map<number, number>();
  #from = new Map<number, number>();
  #to = new Map<number, number>();
  #elements = new Map<number, HTMLElement>();
  #carried: number | null = null;
  #start = 0;
  #frame = 0;
  #moved: () => void;

  /** moved: called whenever positions have changed, at most once per animation frame. */
  constructor(moved: () => void) {
    this.#moved = moved;
  }

  /** The position of a column now. */
  at(key: number): number {
    return this.#now.get(key) ?? this.#to.get(key) ?? 0;
  }

  /** Send the columns to their places; new ones appear there, the others glide. */
  send(places: Map<number, number>, glide: boolean): void {
    const still = [...places].every(([key, x]) => this.#to.get(key) === x);
    if (still && places.size === this.#to.size) return;
    this.#to = places;
    this.#begin(glide);
  }

  /** Hold a column at x, whatever its place; null: let it go there. */
  carry(key: number, x: number | null): void {
    this.#carried = x === null ? null : key;
    if (x !== null) {
      this.#now.set(key, x);
      this.#apply();
      return;
    }
    this.#begin(true);
  }

  /** Svelte attachment: the element of a column. */
  column(key: number): (element: HTMLElement) => () => void {
    return (element) => {
      this.#elements.set(key, element);
      place(element, this.at(key));
      return () => this.#elements.delete(key);
    };
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
  }

  #begin(glide: boolean): void {
    this.#from = new Map([...this.#to].map(([key, x]) => [key, this.#now.get(key) ?? x]));
    this.#now = new Map(this.#from);
    this.#start = glide && !reducedMotion() ? performance.now() : Number.NEGATIVE_INFINITY;
    cancelAnimationFrame(this.#frame);
    this.#tick(performance.now());
  }

  #tick = (time: number): void => {
    const share = Math.min(1, Math.max(0, (time - this.#start) / MOMENT));
    const eased = 1 - (1 - share) ** 3;
    for (const [key, to] of this.#to) {
      if (key === this.#carried) continue;
      const from = this.#from.get(key) ?? to;
      this.#now.set(key, from + (to - from) * eased);
    }
    this.#apply();
    if (share < 1) this.#frame = requestAnimationFrame(this.#tick);
  };

  #apply(): void {
    for (const [key, element] of this.#elements) place(element, this.at(key));
    this.#moved();
  }
}

export function reducedMotion(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

function place(element: HTMLElement, x: number): void {
  element.style.transform = `translateX(${x}px)`;
}
