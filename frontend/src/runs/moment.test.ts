import { describe, expect, it } from 'vitest';
import type { Frame } from '../types';
import { curveUpTo, epochAt, momentOf, momentText, rowAt, stepOf } from './moment';

const curve = {
  columns: ['step', 'epoch'],
  rows: [
    [0, 0],
    [10, 1],
    [30, 2],
  ].map((row) => Float32Array.from(row)),
};
const nothing = { columns: ['step', 'epoch'], rows: [] };

describe('a moment', () => {
  it('is in the past where something of the run lies ahead', () => {
    const frame = (step: number, end: number) => momentOf({ step, end, epoch: 2 } as Frame, null);
    expect(frame(600, 4000)).toEqual({ step: 600, end: 4000, epoch: 2, past: true });
    expect(frame(4000, 4000).past).toBe(false);
    expect(momentOf(null, null)).toEqual({ step: 0, end: 0, epoch: 0, past: false });
  });

  it('is said in words', () => {
    expect(momentText(1250, 4000, 50)).toBe('step 1,250 of 4,000, epoch 50.0');
  });

  it('has a row of the curve, and an epoch between rows', () => {
    expect([0, 9, 10, 29, 99].map((step) => rowAt(curve, step))).toEqual([0, 0, 1, 1, 2]);
    expect([0, 5, 10, 20, 99].map((step) => epochAt(curve, step))).toEqual([0, 0.5, 1, 1.5, 2]);
    expect([rowAt(nothing, 5), epochAt(nothing, 5)]).toEqual([-1, 0]);
    expect(curveUpTo(curve, 30)).toBe(curve);
    expect(curveUpTo(curve, 12).rows).toHaveLength(2);
  });
});

describe('the keys of the slider', () => {
  const at = { step: 500, end: 1000 };
  const press = (key: string, mods = {}, from = at) =>
    stepOf({ key, shiftKey: false, ctrlKey: false, ...mods }, from, 25, [100, 700]);

  it.each([
    ['ArrowLeft', 499],
    ['ArrowDown', 499],
    ['ArrowRight', 501],
    ['ArrowUp', 501],
    ['PageDown', 400],
    ['PageUp', 600],
    ['Home', 0],
    ['End', 1000],
    ['x', null],
  ])('%s', (key, step) => {
    expect(press(key)).toBe(step);
  });

  it('go by epochs with Shift, and from deed to deed with Ctrl', () => {
    expect(press('ArrowLeft', { shiftKey: true })).toBe(475);
    expect(press('ArrowRight', { ctrlKey: true })).toBe(700);
    expect(press('ArrowLeft', { ctrlKey: true })).toBe(100);
    expect(press('ArrowLeft', { ctrlKey: true }, { step: 50, end: 1000 })).toBe(50);
  });

  it('stay within the run', () => {
    expect(press('PageDown', {}, { step: 5, end: 1000 })).toBe(0);
    expect(press('ArrowRight', {}, { step: 1000, end: 1000 })).toBe(1000);
    expect(press('PageUp', {}, { step: 0, end: 3 })).toBe(1);
  });
});
