import { describe, expect, it } from 'vitest';
import type { Experiment, Json, Patch } from '../types';
import { merge } from './patch';
import { COALESCE_MS, History, STROKE, type Step } from './undo';

const start = { training: { learning_rate: 0.03, l1: 0, clip_norm: null }, seed: 0 };

const REF = { layer: 1, param: 'w' as const, index: [0, 2] };

/** A history beside the experiment it belongs to, and a clock that is moved by hand. */
function scene() {
  const history = new History();
  let now = 0;
  let experiment = start as unknown as Experiment;
  const apply = (patch: Patch | undefined) => {
    experiment = merge(experiment as unknown as Json, patch ?? {}) as unknown as Experiment;
  };
  const take = (step: Step | undefined) => {
    if (step && 'patch' in step) apply(step.patch);
  };
  return {
    history,
    value: () => experiment as unknown as typeof start,
    wait: (ms: number) => {
      now += ms;
    },
    change(patch: Patch, label = '') {
      const before = experiment;
      apply(patch);
      history.record(before, experiment, patch, label, now);
    },
    undo: () => take(history.undo()),
    redo: () => take(history.redo()),
    edit(after: number, before: number) {
      history.recordEdit(REF, before, after, now);
    },
    apply,
  };
}

describe('undo', () => {
  it('goes back and forth through changes', () => {
    const s = scene();
    s.change({ seed: 1 });
    s.change({ training: { l1: 0.1 } });
    s.undo();
    expect(s.value()).toEqual({ ...start, seed: 1 });
    s.undo();
    expect(s.value()).toEqual(start);
    expect(s.history.canUndo).toBe(false);
    s.redo();
    s.redo();
    expect(s.value()).toEqual({ training: { ...start.training, l1: 0.1 }, seed: 1 });
    expect(s.history.canRedo).toBe(false);
  });

  it('takes a drag back in one step', () => {
    const s = scene();
    for (const rate of [0.1, 0.2, 0.3]) {
      s.change({ training: { learning_rate: rate } });
      s.wait(COALESCE_MS - 1);
    }
    s.undo();
    expect(s.value()).toEqual(start);
    expect(s.history.canUndo).toBe(false);
    s.redo();
    expect(s.value().training.learning_rate).toBe(0.3);
  });

  it('tells apart two drags, and two controls', () => {
    const s = scene();
    s.change({ training: { learning_rate: 0.1 } });
    s.wait(COALESCE_MS);
    s.change({ training: { learning_rate: 0.2 } });
    s.change({ training: { l1: 1 } });
    s.undo();
    s.undo();
    expect(s.value().training.learning_rate).toBe(0.1);
  });

  it('takes a stroke back in one step, and two strokes in two', () => {
    const s = scene();
    const points = (n: number) => ({ data: { points: Array(n).fill(0) } });
    s.change(points(0));
    for (const n of [1, 2, 3]) {
      s.change(points(n), `${STROKE}1`);
      s.wait(2 * COALESCE_MS); // the pen rests
    }
    for (const n of [4, 5]) s.change(points(n), `${STROKE}2`);
    s.undo();
    expect(s.value()).toMatchObject(points(3));
    s.undo();
    expect(s.value()).toMatchObject(points(0));
  });

  it('keeps clicks apart, however fast', () => {
    const s = scene();
    s.change({ training: { optimizer: { kind: 'adam' } } });
    s.change({ training: { optimizer: { kind: 'lion' } } });
    s.undo();
    expect(s.value()).toMatchObject({ training: { optimizer: { kind: 'adam' } } });
  });

  it('forgets what was undone when something new is done', () => {
    const s = scene();
    s.change({ seed: 1 });
    s.undo();
    s.change({ seed: 2 });
    expect(s.history.canRedo).toBe(false);
    expect(s.value().seed).toBe(2);
  });

  it('leaves alone what someone else changed meanwhile', () => {
    const s = scene();
    s.change({ seed: 1 });
    s.apply({ training: { l1: 3 } });
    s.undo();
    expect(s.value()).toEqual({ ...start, training: { ...start.training, l1: 3 } });
  });

  it('has no step back for a refused change', () => {
    const s = scene();
    s.change({ seed: 1 });
    s.history.correct(s.value() as unknown as Experiment, start as unknown as Experiment);
    expect(s.history.canUndo).toBe(false);
  });

  it('goes back from where a drag was refused to where it began', () => {
    const s = scene();
    s.change({ training: { learning_rate: 0.1 } });
    const accepted = s.value() as unknown as Experiment;
    s.change({ training: { learning_rate: 1000 } });
    s.history.correct(s.value() as unknown as Experiment, accepted);
    expect(s.history.undo()).toEqual({ patch: { training: { learning_rate: 0.03 } } });
  });

  it('covers weights set by hand, in their turn; a drag of one is one step', () => {
    const s = scene();
    s.change({ seed: 1 });
    s.edit(0.5, 0.1);
    s.edit(0.6, 0.5);
    s.wait(COALESCE_MS);
    s.edit(0.7, 0.6);
    s.change({ seed: 2 });
    s.undo();
    expect(s.value().seed).toBe(1);
    expect(s.history.undo()).toEqual({ ref: REF, value: 0.6 });
    expect(s.history.undo()).toEqual({ ref: REF, value: 0.1 });
    s.undo();
    expect(s.value().seed).toBe(0);
    s.redo();
    expect(s.history.redo()).toEqual({ ref: REF, value: 0.6 });
  });

  it('has no step back for a weight that was refused, nor for weights that are gone', () => {
    const s = scene();
    s.edit(1e9, 0.1);
    s.history.refuseEdit(REF);
    expect(s.history.canUndo).toBe(false);
    s.change({ seed: 1 });
    s.edit(0.5, 0.1);
    s.history.forgetEdits();
    s.undo();
    expect(s.value()).toEqual(start);
    expect(s.history.canUndo).toBe(false);
  });
});
