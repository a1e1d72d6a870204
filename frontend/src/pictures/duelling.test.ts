import { describe, expect, it } from 'vitest';
import { CurveStore } from '../state/curve';
import type { Curve, Frame, Session } from '../types';
import { duelFindings, swings } from './duelling';

const session = (loss = 'non_saturating') =>
  ({
    experiment: {
      training: { loss: { kind: loss }, learning_rate: 0.002 },
      generator: { learning_rate: 0.001, discriminator_updates: 1, layers: [] },
      seed: 0,
    },
    generator: { latent: 2, first: 2, layers: [{}, {}], modes: 8 },
    problem: 'generation',
    form: 'points',
  }) as unknown as Session;

const frame = (step: number, accuracy: number, modes: number, reach: number) =>
  ({
    step,
    metrics: { train: { loss: 1, accuracy }, generator: { loss: 1, modes } },
    views: { gradients: { norm: 1, layers: [1, 1, reach, 0], dead: [] } },
  }) as unknown as Frame;

const curve = (js: number[] = []): Curve => {
  const store = new CurveStore();
  store.replace(['step', 'js'], {
    shape: [js.length, 2],
    data: Float32Array.from(js.flatMap((value, i) => [i, value])),
  });
  return store;
};

const ids = (...given: Parameters<typeof duelFindings>) =>
  duelFindings(...given).map(({ id }) => id);

describe('what goes wrong between two networks', () => {
  it('is nothing at first, and nothing where all goes well', () => {
    expect(ids(session(), frame(10, 1, 0, 0), curve())).toEqual([]);
    expect(ids(session(), frame(5000, 0.6, 8, 1), curve())).toEqual([]);
  });

  it('is a discriminator that wins', () => {
    expect(ids(session(), frame(5000, 0.999, 8, 0.001), curve())).toEqual(['overwhelmed']);
    // it sees through nearly everything, but tells what to change
    expect(ids(session(), frame(5000, 0.98, 8, 1), curve())).toEqual([]);
    expect(ids(session(), frame(5000, 1, 8, 1), curve())).toEqual(['overwhelmed']);
    // of heights nothing is right or wrong
    expect(ids(session('wasserstein'), frame(5000, 1, 8, 0), curve())).toEqual([]);
  });

  it('is a generator that has settled on a few clouds', () => {
    const [found] = duelFindings(session(), frame(5000, 0.6, 2, 1), curve());
    expect(found?.id).toBe('collapsed');
    expect(found?.text).toContain('2 of 8');
    expect(found?.mends.map(({ patch }) => patch)).toContainEqual({
      training: { loss: { kind: 'wasserstein' } },
    });
    const mends = duelFindings(session('wasserstein'), frame(5000, 0.6, 2, 1), curve())[0]?.mends;
    expect(mends?.some(({ label }) => label.includes('Wasserstein'))).toBe(false);
  });

  it('is going in circles', () => {
    const circle = Array.from({ length: 80 }, (_, i) => 0.4 + 0.2 * Math.sin(i));
    const calm = circle.map((value) => 0.4 + (value - 0.4) / 100);
    expect(ids(session(), frame(5000, 0.6, 8, 1), curve(circle))).toEqual(['circling']);
    expect(ids(session(), frame(5000, 0.6, 8, 1), curve(calm))).toEqual([]);
  });
});

it('swings are counted with their height, whatever is missing', () => {
  expect(swings([])).toMatchObject({ turns: 0 });
  expect(swings([0, 1, Number.NaN, 0, 1])).toEqual({ turns: 2, height: 1 });
  expect(swings([0, 1, 2, 3])).toEqual({ turns: 0, height: 3 });
});
