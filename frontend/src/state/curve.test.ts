import { describe, expect, it } from 'vitest';
import { CURVE_CAP, CurveStore } from './curve';

const rows = (...steps: number[]) => ({
  shape: [steps.length, 2],
  data: new Float32Array(steps.flatMap((step) => [step, step / 10])),
});
const steps = (curve: CurveStore) => curve.rows.map((row) => row[0]);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('the curve', () => {
  it('is the history and what frames add to it', () => {
    const curve = new CurveStore();
    curve.replace(['step', 'train_loss'], rows(0, 5));
    curve.append(rows(10, 15));
    curve.append(rows());
    expect(steps(curve)).toEqual([0, 5, 10, 15]);
    expect(curve.columns).toEqual(['step', 'train_loss']);
    expect(curve.rows[2]?.[1]).toBe(1);
  });

  it('starts again at a history', () => {
    const curve = new CurveStore();
    curve.replace(['step', 'train_loss'], rows(0, 5, 10));
    curve.replace(['step', 'train_loss'], rows(0));
    expect(steps(curve)).toEqual([0]);
  });

  it('is what is known of the run until the server says more', () => {
    const curve = new CurveStore();
    const known = (...all: number[]) => all.map((step) => [null, step]);
    curve.recall({ columns: ['other', 'step'], rows: known(0, 5, 10, 15) });
    curve.replace(['step', 'train_loss'], rows(15));
    expect(steps(curve)).toEqual([0, 5, 10, 15]);
    expect(curve.rows[1]?.[1]).toBeNaN();
    curve.cut(8); // another branch
    curve.replace(['step', 'train_loss'], rows(8));
    curve.append(rows(20));
    expect(steps(curve)).toEqual([0, 5, 8, 20]);
    curve.cut(0); // a reset
    curve.replace(['step', 'train_loss'], rows());
    expect(steps(curve)).toEqual([0]);
    curve.recall(null);
    curve.replace(['step', 'train_loss'], rows(7));
    expect(steps(curve)).toEqual([7]);
  });

  it('never runs backwards', () => {
    const curve = new CurveStore();
    curve.append(rows(0, 5, 10, 15));
    curve.append(rows(10, 12));
    expect(steps(curve)).toEqual([0, 5, 10, 12]);
  });

  it('stays below its cap, keeps both ends and its order', () => {
    const curve = new CurveStore();
    for (let from = 0; from < 20_000; from += 500) curve.append(rows(...range(from, from + 500)));
    const seen = steps(curve) as number[];
    expect(seen.length).toBeLessThanOrEqual(CURVE_CAP);
    expect(seen.length).toBeGreaterThan(CURVE_CAP / 4);
    expect(seen[0]).toBe(0);
    expect(seen.at(-1)).toBe(19_999);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });
});
