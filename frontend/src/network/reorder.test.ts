import { describe, expect, it } from 'vitest';
import { announce, IDLE, preview, type Reorder, type ReorderAction, reorder } from './reorder';

const names = ['a', 'b', 'c', 'd'];
const run = (actions: ReorderAction[], start: Reorder = IDLE) =>
  actions.reduce((state, action) => reorder(state, action, names.length), start);
const lift = (index: number): ReorderAction => ({
  type: 'lift',
  key: 10 + index,
  index,
  by: 'keyboard',
});
const by = (step: number): ReorderAction => ({ type: 'by', step });

describe('reorder', () => {
  it('lifts, moves and shows the order that a drop would make', () => {
    const state = run([lift(0), by(1), by(1)]);
    expect(state).toMatchObject({ phase: 'lifted', key: 10, from: 0, to: 2 });
    expect(preview(names, state)).toEqual(['b', 'c', 'a', 'd']);
    expect(preview(names, run([lift(3), { type: 'to', index: 0 }]))).toEqual(['d', 'a', 'b', 'c']);
  });

  it('stops at either end', () => {
    expect(run([lift(0), by(-1)])).toMatchObject({ to: 0 });
    expect(run([lift(2), by(1), by(1), by(1)])).toMatchObject({ to: 3 });
  });

  it('is idle again after a drop or a cancel', () => {
    expect(run([lift(1), by(1), { type: 'cancel' }])).toEqual(IDLE);
    expect(run([lift(1), by(1), { type: 'drop' }])).toEqual(IDLE);
    expect(preview(names, IDLE)).toEqual(names);
  });

  it('ignores moves of nothing, and a second lift', () => {
    expect(run([by(1)])).toEqual(IDLE);
    expect(run([lift(1), lift(3)])).toMatchObject({ from: 1 });
  });

  it('does not draw what was taken away while lifted', () => {
    expect(preview(['a'], run([lift(3)]))).toEqual(['a']);
  });
});

describe('announcements', () => {
  const said = (before: Reorder, action: ReorderAction) =>
    announce(before, action, reorder(before, action, 4), 'Dense', 4);

  it('tell place and count at every step', () => {
    expect(said(IDLE, lift(1))).toMatch(/^Dense lifted, place 2 of 4/);
    expect(said(run([lift(1)]), by(1))).toBe('Dense, place 3 of 4.');
    expect(said(run([lift(1), by(1)]), { type: 'drop' })).toBe('Dense dropped at place 3 of 4.');
    expect(said(run([lift(1), by(1)]), { type: 'cancel' })).toMatch(/back at place 2/);
  });

  it('stay silent where nothing moved', () => {
    expect(said(run([lift(3)]), by(1))).toBe('');
    expect(said(IDLE, { type: 'drop' })).toBe('');
  });
});
