import { describe, expect, it } from 'vitest';
import type { Curve, Experiment, Frame, KindValue, Session } from '../types';
import { diagnose } from './diagnosis';

const layer: KindValue = { kind: 'dense', units: 3, activation: 'relu', normalization: 'none' };
const training = { learning_rate: 0.3, l2: 0, clip_norm: null, early_stopping: null };
const experiment = {
  network: { layers: [layer, layer] },
  training,
  seed: 4,
} as unknown as Experiment;
const session = {
  experiment,
  form: 'points',
  graph: { inputs: ['x'], layers: [{ units: 3 }, { units: 3 }, { units: 1 }] },
  counts: { train: 10, validation: 0, test: 10 },
} as unknown as Session;
const noCurve: Curve = { columns: [], rows: [] };

function frame(
  gradients: { norm?: number; layers?: number[]; dead?: number[] },
  status = 'playing',
) {
  const views = { gradients: { norm: 1, layers: [1, 1, 1], dead: [0, 0], ...gradients } };
  return { status, views } as unknown as Frame;
}

const ids = (f: Frame, of = session) => diagnose(of, f, noCurve).map((finding) => finding.id);

describe('diagnosis', () => {
  it('of a healthy network is empty', () => {
    expect(ids(frame({}))).toEqual([]);
  });

  it('leaves divergence to the notices', () => {
    expect(ids(frame({ dead: [3, 3] }, 'diverged'))).toEqual([]);
  });

  it('counts dead units of the worst layer and changes every hidden layer', () => {
    const [finding] = diagnose(session, frame({ dead: [1, 3] }), noCurve);
    expect(finding?.text).toContain('In hidden layer 2, 3 units are dead of 3');
    expect(finding?.severity).toBe('bad');
    expect(finding?.mends[0]?.patch).toEqual({
      network: { layers: [0, 1].map(() => ({ ...layer, activation: 'leaky_relu' })) },
    });
  });

  it('tells a vanishing gradient from a converged network', () => {
    expect(ids(frame({ layers: [1e-6, 0.1, 0.5] }))).toEqual(['vanishing']);
    expect(ids(frame({ layers: [1e-13, 1e-9, 1e-8] }))).toEqual([]);
  });

  it('does not say twice that nothing comes through a dead layer', () => {
    expect(ids(frame({ dead: [3, 0], layers: [0, 0.1, 0.5] }))).toEqual(['dead']);
    expect(ids(frame({ dead: [1, 0], layers: [0, 0.1, 0.5] }))).toEqual(['dead', 'vanishing']);
  });

  it('clips what explodes, unless it is clipped already', () => {
    const clipped = { ...experiment, training: { ...training, clip_norm: 1 } } as Experiment;
    expect(ids(frame({ norm: 5000 }))).toEqual(['exploding']);
    const labels = (of: Session) =>
      diagnose(of, frame({ norm: 5000 }), noCurve)[0]?.mends.map((mend) => mend.label);
    expect(labels(session)).toEqual(['Clip the gradient', 'Learning rate 0.1']);
    expect(labels({ ...session, experiment: clipped })).toEqual(['Learning rate 0.1']);
    const ruled = { ...experiment, training: { ...training, rules: 'tf_playground' } };
    expect(labels({ ...session, experiment: ruled as Experiment })).toEqual(['Learning rate 0.1']);
  });

  it('says nothing of gradients without training points', () => {
    const empty = { ...session, counts: { train: 0, validation: 0, test: 0 } };
    expect(ids(frame({ dead: [3, 3] }), empty)).toEqual([]);
  });
});
