// @vitest-environment happy-dom
import { flushSync } from 'svelte';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Frame, KindValue, Lab, Session } from '../types';
import { insertLayer, moveLayer, removeLayer, setField } from './layers';
import { LayerStack } from './stack.svelte';

const dense = (units: number): KindValue => ({ kind: 'dense', units });

/** A store that shows a change at once, as the page's does; the server answers when told. */
class FakeLab {
  session = $state.raw<Session | null>(null);
  frame = $state.raw<Frame | null>(null);

  setLayers(layers: KindValue[]): Promise<boolean> {
    this.show(layers, this.session?.graph ?? graphOf([]));
    return Promise.resolve(true);
  }

  show(layers: KindValue[], graph: Session['graph']): void {
    const session = { experiment: { network: { layers } }, graph };
    this.session = session as unknown as Session;
    flushSync();
  }

  answer(): void {
    const layers = this.session?.experiment.network.layers ?? [];
    this.show(structuredClone(layers), graphOf(layers));
  }

  look(units: number[]): void {
    const layers = units.map((count) => ({ shape: [count, 2, 2], data: new Uint8Array() }));
    this.frame = { views: { units: { layers } } } as unknown as Frame;
    flushSync();
  }
}

function graphOf(layers: KindValue[]): Session['graph'] {
  const hidden = layers.map(({ kind, units }) => ({ kind, units }));
  return { inputs: ['x'], layers: [...hidden, { kind: 'output', units: 1 }] } as Session['graph'];
}

describe('the layers as drawn', () => {
  let lab: FakeLab;
  let stack: LayerStack;
  let stop: () => void;

  beforeEach(() => {
    lab = new FakeLab();
    stop = $effect.root(() => {
      stack = new LayerStack(lab as unknown as Lab);
    });
    const layers = [dense(4), dense(2)];
    lab.show(layers, graphOf(layers));
    lab.look([4, 2]);
  });
  afterEach(() => stop());

  it('have a key each, which frames share', () => {
    expect(new Set(stack.keys).size).toBe(2);
    expect(stack.frameKeys).toEqual(stack.keys);
  });

  it('keep their keys through a change of the page, and frames follow later', () => {
    const [a, b] = stack.keys;
    void stack.apply(moveLayer(stack.layers, 0, 1), 'move');
    flushSync();
    expect(stack.layers.map((layer) => layer.units)).toEqual([2, 4]);
    expect(stack.keys).toEqual([b, a]);
    expect(stack.frameKeys).toEqual([a, b]);
    lab.answer();
    lab.look([2, 4]);
    expect(stack.keys).toEqual([b, a]);
    expect(stack.frameKeys).toEqual([b, a]);
  });

  it('give a fresh key to a new layer alone', () => {
    const [a, b] = stack.keys;
    void stack.apply(insertLayer(stack.layers, 1, dense(2), 16), 'add');
    flushSync();
    expect(stack.keys).toEqual([a, expect.any(Number), b]);
    expect(stack.keys[1]).not.toBe(b);
  });

  it('pair a late frame of the old graph with the old layers', () => {
    const [a, b] = stack.keys;
    void stack.apply(removeLayer(stack.layers, 0), 'remove');
    lab.answer();
    lab.look([4, 2]);
    expect(stack.keys).toEqual([b]);
    expect(stack.frameKeys).toEqual([a, b]);
    lab.look([2]);
    expect(stack.frameKeys).toEqual([b]);
  });

  it('survive answers that come after further changes', () => {
    const [a, b] = stack.keys;
    void stack.apply(setField(stack.layers, 0, 'units', 5), 'units');
    const between = graphOf(stack.layers);
    flushSync();
    void stack.apply(moveLayer(stack.layers, 0, 1), 'move');
    flushSync();
    lab.show(stack.layers, { ...between, layers: graphOf([dense(5), dense(2)]).layers });
    lab.look([5, 2]);
    expect(stack.keys).toEqual([b, a]);
    expect(stack.frameKeys).toEqual([a, b]);
  });

  it('follow a change that came from elsewhere', () => {
    const [a, b] = stack.keys;
    lab.show([dense(4), dense(7), dense(2)], graphOf([dense(4), dense(7), dense(2)]));
    lab.look([4, 7, 2]);
    expect([stack.keys[0], stack.keys[2]]).toEqual([a, b]);
    expect(stack.frameKeys).toEqual(stack.keys);
  });

  it('are the same again when the server has refused what was done to them', () => {
    const [a, b] = stack.keys;
    const { layers } = stack;
    void stack.apply(removeLayer(layers, 0), 'remove');
    flushSync();
    expect(stack.keys).toEqual([b]);
    lab.show(structuredClone(layers), graphOf(layers));
    expect(stack.keys).toEqual([a, b]);
    expect(stack.frameKeys).toEqual([a, b]);
  });

  it('have frames of one example as well as of the plane', () => {
    const [a, b] = stack.keys;
    void stack.apply(moveLayer(stack.layers, 0, 1), 'move');
    lab.answer();
    const values = [2, 4, 1].map((units) => ({ values: { shape: [units, 3, 3] }, limit: 1 }));
    lab.frame = { views: { activations: { layers: values } } } as unknown as Frame;
    flushSync();
    expect(stack.frameKeys).toEqual([b, a]);
  });
});
