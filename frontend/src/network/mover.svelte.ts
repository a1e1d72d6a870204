import { dropIndex } from './geometry';
import { announce, IDLE, type Reorder, type ReorderAction, reorder } from './reorder';

/** What moving a layer needs to know of the room, and may do to it. */
export interface MoverRoom {
  keys: () => number[];
  title: (index: number) => string;
  /** Centres of the places of the layers. */
  slots: () => number[];
  /** From the window's x to the stage's. */
  toStage: (clientX: number) => number;
  /** Draw a column at x while it is carried; null: let it go to its place. */
  carry: (key: number, x: number | null) => void;
  commit: (from: number, to: number) => void;
  remove: (index: number) => void;
  say: (text: string) => void;
}

const THRESHOLD = 4; // px before a press on the handle is a drag
const ARROWS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 };

/** Makes handles that move layers: by mouse, by finger and by keyboard. */
export class Mover {
  state = $state.raw<Reorder>(IDLE);
  #room: MoverRoom;
  #handles = new Map<number, (element: HTMLElement) => () => void>();

  constructor(room: MoverRoom) {
    this.#room = room;
  }

  /** Svelte attachment for the handle of one layer. */
  handle(key: number): (element: HTMLElement) => () => void {
    const known = this.#handles.get(key);
    if (known) return known;
    const made = (element: HTMLElement) => this.#attach(element, key);
    this.#handles.set(key, made);
    return made;
  }

  #attach(element: HTMLElement, key: number): () => void {
    const controller = new AbortController();
    const { signal } = controller;
    element.addEventListener('pointerdown', (event) => this.#press(event, element, key), {
      signal,
    });
    element.addEventListener('keydown', (event) => this.#key(event, key), { signal });
    element.addEventListener('blur', () => this.#cancel('keyboard'), { signal });
    return () => {
      controller.abort();
      this.#handles.delete(key);
      if (this.state.phase === 'lifted' && this.state.key === key) this.#cancel(this.state.by);
    };
  }

  #press(event: PointerEvent, element: HTMLElement, key: number): void {
    if (event.button !== 0) return;
    const start = event.clientX;
    const drag = new AbortController();
    const { signal } = drag;
    element.setPointerCapture(event.pointerId);
    element.addEventListener('pointermove', (move) => this.#drag(move, start, key), { signal });
    element.addEventListener('pointerup', () => this.#end(drag, 'drop'), { signal });
    element.addEventListener('pointercancel', () => this.#end(drag, 'cancel'), { signal });
    element.addEventListener('lostpointercapture', () => this.#end(drag, 'cancel'), { signal });
  }

  #drag(event: PointerEvent, start: number, key: number): void {
    const lifted = this.state.phase === 'lifted';
    if (!lifted && Math.abs(event.clientX - start) < THRESHOLD) return;
    if (!lifted) this.#lift(key, 'pointer');
    const x = this.#room.toStage(event.clientX);
    this.#room.carry(key, x);
    this.#act({ type: 'to', index: dropIndex(this.#room.slots(), x) });
  }

  #end(drag: AbortController, type: 'drop' | 'cancel'): void {
    drag.abort();
    if (this.state.phase !== 'lifted') return;
    const { key } = this.state;
    if (type === 'drop') this.#drop();
    else this.#act({ type: 'cancel' });
    this.#room.carry(key, null);
  }

  #key(event: KeyboardEvent, key: number): void {
    const handled = this.#keyAction(event, key);
    if (!handled) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #keyAction(event: KeyboardEvent, key: number): boolean {
    const index = this.#room.keys().indexOf(key);
    const step = ARROWS[event.key];
    const lifted = this.state.phase === 'lifted';
    if (event.key === ' ' || event.key === 'Enter') {
      if (lifted) this.#drop();
      else this.#lift(key, 'keyboard');
      return true;
    }
    if (event.key === 'Escape') return lifted && this.#cancel('keyboard');
    if (event.key === 'Delete') {
      this.#room.remove(index);
      return true;
    }
    if (step === undefined) return false;
    if (lifted) this.#act({ type: 'by', step });
    else if (event.altKey) this.#shift(index, step);
    else return false;
    return true;
  }

  /** Alt and an arrow: one place further at once. */
  #shift(index: number, step: number): void {
    const to = index + step;
    const count = this.#room.keys().length;
    if (to < 0 || to >= count) return;
    this.#room.say(`${this.#room.title(index)} moved to place ${to + 1} of ${count}.`);
    this.#room.commit(index, to);
  }

  #lift(key: number, by: 'pointer' | 'keyboard'): void {
    this.#act({ type: 'lift', key, index: this.#room.keys().indexOf(key), by });
  }

  #drop(): void {
    const before = this.state;
    this.#act({ type: 'drop' });
    if (before.phase === 'lifted' && before.from !== before.to)
      this.#room.commit(before.from, before.to);
  }

  #cancel(by: 'pointer' | 'keyboard'): boolean {
    if (this.state.phase !== 'lifted' || this.state.by !== by) return false;
    this.#act({ type: 'cancel' });
    return true;
  }

  #act(action: ReorderAction): void {
    const before = this.state;
    const keys = this.#room.keys();
    const after = reorder(before, action, keys.length);
    const index =
      before.phase === 'lifted' ? before.from : action.type === 'lift' ? action.index : 0;
    const text = announce(before, action, after, this.#room.title(index), keys.length);
    this.state = after;
    if (text) this.#room.say(text);
  }
}
