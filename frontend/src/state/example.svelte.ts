import type { Example, Json, PartName } from '../types';

/** The example that the page looks at: one of a part, or one drawn by hand. */
export class Picked implements Example {
  part = $state<PartName>('test');
  index = $state(0);
  drawn = $state<string | null>(null);
  /** What was taken from the generator. */
  #made = $state<string | null>(null);
  forged = $state(0);
  /** The unit that lies under the microscope, if one does. */
  scope = $state<{ layer: number; unit: number } | null>(null);

  /** What the views of one example are asked with. */
  get request(): { [option: string]: Json } {
    const { part, index, drawn } = this;
    return drawn === null ? { part, index } : { part, index, drawn };
  }

  /** The example at this place of its part; beyond an end, from the other. */
  pick(part: PartName, index: number, count: number): void {
    this.part = part;
    this.index = count > 0 ? ((index % count) + count) % count : 0;
    this.drawn = null;
  }

  /** Whether it is one of the generator's. */
  get isMade(): boolean {
    return this.drawn !== null && this.drawn === this.#made;
  }

  /** Look at a made example, its bytes in base64, as it is now. */
  follow(index: number, made: string): void {
    this.forged = index;
    this.#made = made;
    this.drawn = made;
  }

  reset(): void {
    this.part = 'test';
    this.index = 0;
    this.drawn = null;
    this.forged = 0;
    this.scope = null;
  }
}
