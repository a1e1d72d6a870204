import { describe, expect, it } from 'vitest';
import type { Finding } from './diagnosis';
import { APPEAR_MS, Steady, VANISH_MS } from './steady';

const dead: Finding = { id: 'dead', severity: 'warn', text: '', mends: [] };

describe('a steady finding', () => {
  it('appears once it has held, and only then', () => {
    const steady = new Steady();
    expect(steady.update([dead], 0)).toEqual([]);
    expect(steady.update([dead], APPEAR_MS - 1)).toEqual([]);
    expect(steady.update([dead], APPEAR_MS)).toEqual([dead]);
  });

  it('begins anew after a break', () => {
    const steady = new Steady();
    steady.update([dead], 0);
    steady.update([], 10);
    expect(steady.update([dead], APPEAR_MS + 5)).toEqual([]);
  });

  it('stays over a short break, and goes after a long one', () => {
    const steady = new Steady();
    steady.update([dead], 0);
    steady.update([dead], APPEAR_MS);
    expect(steady.update([], APPEAR_MS + VANISH_MS - 1)).toEqual([dead]);
    expect(steady.update([], APPEAR_MS + VANISH_MS)).toEqual([]);
  });
});
