import { describe, expect, it } from 'vitest';
import type { Curve } from '../types';
import { chartData, column, latest, overfitting } from './curves';
import { smooth } from './smoothing';

const COLUMNS = ['step', 'epoch', 'train_loss', 'validation_loss', 'test_loss'];

function curveOf(length: number, losses: (t: number) => [number, number, number]): Curve {
  const rows = Array.from({ length }, (_, i) =>
    Float32Array.from([i * 10, i, ...losses(i / (length - 1))]),
  );
  return { columns: COLUMNS, rows };
}

describe('smoothing', () => {
  it('leaves a constant alone from its first value on', () => {
    expect([...smooth([3, 3, 3], 0.9)]).toEqual([3, 3, 3].map((v) => expect.closeTo(v, 12)));
  });

  it('is the weighted mean of the past', () => {
    expect(smooth([0, 1], 0.5)[1]).toBeCloseTo(0.5 / 0.75);
  });

  it('without weight changes nothing, and steps over gaps', () => {
    expect([...smooth([1, 5, 2], 0)]).toEqual([1, 5, 2]);
    const [a, gap, b] = smooth([4, Number.NaN, 4], 0.5);
    expect([a, b]).toEqual([4, 4]);
    expect(gap).toBeNaN();
  });
});

describe('columns', () => {
  const curve = curveOf(3, (t) => [1 - t, Number.NaN, 2]);

  it('are read by name', () => {
    expect([...column(curve, 'train_loss')]).toEqual([1, 0.5, 0]);
    expect([...column(curve, 'nothing')]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });

  it('have a latest value, or none', () => {
    expect(latest(curve, 'test_loss')).toBe(2);
    expect(latest(curve, 'validation_loss')).toBeNull();
  });

  it('become a chart, with gaps where a log axis has no place', () => {
    const data = chartData(curve, 'epoch', ['train_loss'], { smoothing: 0, log: true });
    expect(data).toEqual([
      [0, 1, 2],
      [1, 0.5, null],
    ]);
  });

  it('keep the raw values behind the smoothed ones', () => {
    const data = chartData(curve, 'step', ['train_loss'], { smoothing: 0.5, log: false });
    expect(data).toHaveLength(3);
    expect(data[2]).toEqual([1, 0.5, 0]);
    expect(data[1]?.[2]).toBeGreaterThan(0);
  });
});

describe('overfitting', () => {
  it('is a held-out loss that rises while the training loss falls', () => {
    const found = overfitting(curveOf(200, (t) => [1 - 0.9 * t, Number.NaN, 1 + (t - 0.3) ** 2]));
    expect(found?.held).toBe('test');
    expect(found?.since).toBeGreaterThan(40);
    expect(found?.since).toBeLessThan(80);
    expect(found?.now).toBeGreaterThan(found?.least ?? Number.POSITIVE_INFINITY);
  });

  it('looks at the validation part where there is one', () => {
    const found = overfitting(curveOf(200, (t) => [1 - t, 1 + (t - 0.2) ** 2, 1 - t]));
    expect(found?.held).toBe('validation');
  });

  it('is none of: both falling, both rising, too short, too late to tell', () => {
    expect(overfitting(curveOf(200, (t) => [1 - t, Number.NaN, 1.2 - t]))).toBeNull();
    expect(overfitting(curveOf(200, (t) => [0.1 + t, Number.NaN, 0.1 + 2 * t]))).toBeNull();
    expect(overfitting(curveOf(9, (t) => [1 - t, Number.NaN, 1 + t]))).toBeNull();
    const late = (t: number) => (t < 0.95 ? 1 - t : 5);
    expect(overfitting(curveOf(200, (t) => [1 - t, Number.NaN, late(t)]))).toBeNull();
  });
});
