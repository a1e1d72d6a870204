// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Mover } from './mover.svelte';

/** Three layers whose places are at 100, 200 and 300. */
class FakeRoom {
  order = [10, 20, 30];
  carried: (number | null)[] = [];
  removed: number[] = [];
  said = '';

  readonly mover = new Mover({
    keys: () => this.order,
    title: () => 'Dense',
    slots: () => [100, 200, 300],
    toStage: (x) => x,
    carry: (_key, x) => this.carried.push(x),
    commit: (from, to) => {
      const [key] = this.order.splice(from, 1);
      this.order.splice(to, 0, key as number);
    },
    remove: (index) => this.removed.push(index),
    say: (text) => {
      this.said = text;
    },
  });
}

describe('the handle of a layer', () => {
  let room: FakeRoom;
  let handle: HTMLElement;
  let detach: () => void;

  beforeEach(() => {
    room = new FakeRoom();
    handle = document.createElement('button');
    handle.setPointerCapture = () => {};
    document.body.append(handle);
    detach = room.mover.handle(10)(handle);
  });
  afterEach(() => {
    detach();
    handle.remove();
  });

  function press(key: string, more: KeyboardEventInit = {}): boolean {
    const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more });
    return !handle.dispatchEvent(event);
  }

  function point(type: string, clientX: number): void {
    handle.dispatchEvent(new PointerEvent(type, { clientX, button: 0, pointerId: 1 }));
  }

  it('is lifted, moved and dropped by keyboard', () => {
    expect(press(' ')).toBe(true);
    expect(room.said).toContain('place 1 of 3');
    press('ArrowRight');
    press('ArrowRight');
    expect(room.order).toEqual([10, 20, 30]);
    press(' ');
    expect(room.order).toEqual([20, 30, 10]);
    expect(room.said).toBe('Dense dropped at place 3 of 3.');
  });

  it('is put back by Escape, and when the focus goes', () => {
    press(' ');
    press('ArrowRight');
    expect(press('Escape')).toBe(true);
    expect(room.mover.state.phase).toBe('idle');
    press('Enter');
    handle.dispatchEvent(new FocusEvent('blur'));
    expect(room.mover.state.phase).toBe('idle');
    expect(room.order).toEqual([10, 20, 30]);
  });

  it('leaves keys alone that are not for it', () => {
    expect(press('Escape')).toBe(false);
    expect(press('ArrowRight')).toBe(false);
    expect(press('Tab')).toBe(false);
  });

  it('moves at once with Alt and an arrow, and not beyond the ends', () => {
    press('ArrowRight', { altKey: true });
    expect(room.order).toEqual([20, 10, 30]);
    press('ArrowLeft', { altKey: true });
    press('ArrowLeft', { altKey: true });
    expect(room.order).toEqual([10, 20, 30]);
  });

  it('removes its layer by Delete', () => {
    press('Delete');
    expect(room.removed).toEqual([0]);
  });

  it('is dragged by a pointer to the nearest place', () => {
    point('pointerdown', 100);
    point('pointermove', 102);
    expect(room.mover.state.phase).toBe('idle');
    point('pointermove', 240);
    expect(room.mover.state).toMatchObject({ phase: 'lifted', from: 0, to: 1 });
    point('pointermove', 290);
    point('pointerup', 290);
    expect(room.order).toEqual([20, 30, 10]);
    expect(room.carried).toEqual([240, 290, null]);
  });

  it('goes back when the drag is broken off', () => {
    point('pointerdown', 100);
    point('pointermove', 290);
    point('pointercancel', 290);
    point('pointermove', 250);
    expect(room.order).toEqual([10, 20, 30]);
    expect(room.mover.state.phase).toBe('idle');
    expect(room.carried.at(-1)).toBeNull();
  });
});
