import type { Frame } from '../types';

/** What is seen of it is waited for no longer than this before the next is asked for. */
const WAIT_MS = 150;

type Seen = Pick<Frame, 'step' | 'status'>;

/** Goes where a drag has come to: one step at a time, and of those that wait only the newest. */
export class Seeker {
  #wanted: number | null = null;
  #target: number | null = null;
  #shown: (() => void) | null = null;
  #last: Seen | null = null;
  #busy = false;

  /**
   * send: asks for a step, false where that is refused. arrived: the last step that was asked
   * for stands on the screen, or is not gone to any more.
   */
  constructor(
    private readonly send: (step: number) => Promise<boolean>,
    private readonly arrived: () => void,
  ) {}

  async to(step: number): Promise<void> {
    this.#wanted = step;
    if (this.#busy) return;
    this.#busy = true;
    while (this.#wanted !== null) {
      this.#target = this.#wanted;
      this.#wanted = null;
      this.#last = null;
      if (!(await this.send(this.#target))) this.#target = null;
      else await this.#seen();
    }
    this.#busy = false;
    if (this.#target === null) this.arrived();
    else if (this.#last) this.show(this.#last);
  }

  /** A frame stands on the screen. */
  show(seen: Seen): void {
    const { step, status } = seen;
    this.#last = seen;
    const underWay = status === 'seeking' || status === 'compiling';
    if (this.#target === null || (underWay && step !== this.#target)) return;
    if (this.#shown) {
      // another step may be that of a frame which was on its way
      if (step !== this.#target) return;
      this.#target = null;
      this.#shown();
    } else if (!this.#busy) {
      this.#target = null;
      this.arrived();
    }
  }

  async #seen(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#shown = resolve;
      setTimeout(resolve, WAIT_MS);
    });
    this.#shown = null;
  }
}
