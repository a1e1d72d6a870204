import type { Words } from './schema';

/** What the help bubble says: of the control, and of what is chosen in it. */
export interface HelpText {
  about: Words;
  chosen?: Words | undefined;
}

const HOVER_MS = 500;
const LEAVE_MS = 200;

/** The page's one help bubble: whose it is and what it says. */
class Help {
  anchor = $state.raw<HTMLElement | null>(null);
  text = $state.raw<HelpText | null>(null);
  #pinned = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  toggle(anchor: HTMLElement, text: HelpText): void {
    const shown = this.anchor === anchor && this.#pinned;
    if (shown) this.close();
    else this.#show(anchor, text, true);
  }

  hover(anchor: HTMLElement, text: HelpText): void {
    clearTimeout(this.#timer);
    if (this.#pinned || this.anchor === anchor) return;
    this.#timer = setTimeout(() => this.#show(anchor, text, false), HOVER_MS);
  }

  leave(): void {
    clearTimeout(this.#timer);
    if (!this.#pinned) this.#timer = setTimeout(() => this.close(), LEAVE_MS);
  }

  /** The pointer is on the bubble itself: it stays. */
  stay(): void {
    clearTimeout(this.#timer);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.anchor = null;
    this.text = null;
    this.#pinned = false;
  }

  #show(anchor: HTMLElement, text: HelpText, pinned: boolean): void {
    clearTimeout(this.#timer);
    this.anchor = anchor;
    this.text = text;
    this.#pinned = pinned;
  }
}

export const help = new Help();
export const HELP_ID = 'help-bubble';
