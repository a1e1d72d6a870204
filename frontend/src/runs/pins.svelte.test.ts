// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Experiment, Frame, Lab, Session } from '../types';

const session = {
  id: 'a',
  experiment: { seed: 3 } as Experiment,
  problem: 'classification',
  dimensions: 2,
  range: [-1, 1],
} as Session;
const surface = {
  values: { shape: [1, 2, 2], data: Uint8Array.of(0, 100, 200, 255) },
  range: [-1, 1] as [number, number],
};
const metrics = { train: { loss: 1 }, validation: null, test: { loss: 2 } };

function lab(rows: number, step = rows - 1): Lab {
  return {
    session,
    frame: { step, epoch: 1, metrics, views: { surface } } as unknown as Frame,
    curve: {
      columns: ['step', 'test_loss'],
      rows: Array.from({ length: rows }, (_, i) => Float32Array.of(i, i ? 1 / i : Number.NaN)),
    },
  } as unknown as Lab;
}

const answer = { experiment: session.experiment, entries: [], digest: 'd', platform: 'p' };
let ahead = 0;

beforeEach(() => {
  sessionStorage.clear();
  ahead = 0;
  vi.resetModules();
});

async function pinsOfPage(step: number) {
  vi.stubGlobal('fetch', async () => Response.json({ ...answer, version: 1, step: step + ahead }));
  return import('./pins.svelte');
}

describe('pinned runs', () => {
  it('are what is on the screen, with the log that leads there', async () => {
    const { pins } = await pinsOfPage(9);
    ahead = 5; // it trains on while the log is fetched
    const run = await pins.pin(lab(20, 9));
    expect(run).toMatchObject({ slot: 0, step: 9, metrics });
    expect(run?.log).toMatchObject({ step: 9, digest: null });
    expect(run?.rows).toHaveLength(10);
    expect(run?.rows[0]).toEqual([0, null]);
  });

  it('are at most six, and a free number is taken again', async () => {
    const { pins, nameOf } = await pinsOfPage(1);
    for (let i = 0; i < 7; i++) await pins.pin(lab(2));
    expect(pins.full).toBe(true);
    expect(pins.runs.map(nameOf)).toEqual([1, 2, 3, 4, 5, 6].map((n) => `Run ${n}`));
    pins.remove(2);
    expect((await pins.pin(lab(2)))?.slot).toBe(2);
  });

  it('are not taken of a run that is no more', async () => {
    const { pins } = await pinsOfPage(0);
    expect(await pins.pin(lab(5))).toBeNull();
    expect(pins.runs).toEqual([]);
  });

  it('are few rows of a long curve, its ends among them', async () => {
    const { pins } = await pinsOfPage(3999);
    const run = await pins.pin(lab(4000));
    expect(run?.rows.length).toBeLessThanOrEqual(300);
    expect(run?.rows.at(-1)?.[0]).toBe(3999);
  });

  it('are found again after a reload', async () => {
    const { pins } = await pinsOfPage(4);
    await pins.pin(lab(5));
    const before = pins.runs;
    vi.resetModules();
    const again = (await pinsOfPage(4)).pins;
    expect(again).not.toBe(pins);
    expect(again.runs).toEqual(before);
    expect(again.runs[0]?.surface?.values.data).toEqual(surface.values.data);
    sessionStorage.setItem('layerlab.pins', '[{"surface": 7}]');
    vi.resetModules();
    expect((await pinsOfPage(4)).pins.runs).toEqual([]);
  });
});
