import { untrack } from 'svelte';
import type { Frame, GraphLayer, KindValue, Lab, LayerActivations, Session } from '../types';
import { carryKeys, reconcile, type Stack, sameShape } from './keys';
import type { Change } from './layers';
import { NETWORK, type Side } from './side';

const REMEMBERED = 24; // lists that the server may still have to answer for

/**
 * The hidden layers as the page draws them. The store shows a change at once; the graph and
 * the frames follow when the server has built it. Every layer keeps one key while it lives,
 * so that a column finds its pictures in frames of an older list.
 */
export class LayerStack {
  #lab: Lab;
  #side: Side;
  #lastKey = 0;
  #shown = $state.raw<Stack>({ layers: [], keys: [] });
  #next: Stack | null = null; // what this page asked for last
  #past: Stack[] = []; // newest first
  #graph: readonly GraphLayer[] | null = null;
  #graphKeys: number[] = [];
  #frameKeys = $state.raw<number[]>([]);

  /** Create it while a component is being created. */
  constructor(lab: Lab, side: Side = NETWORK) {
    this.#lab = lab;
    this.#side = side;
    $effect.pre(() => {
      const { session } = lab;
      if (session) untrack(() => this.#receive(session));
    });
    $effect.pre(() => {
      const { frame } = lab;
      if (frame) untrack(() => this.#see(frame));
    });
  }

  get layers(): KindValue[] {
    return this.#shown.layers;
  }

  get keys(): number[] {
    return this.#shown.keys;
  }

  /** Keys of the layers that the newest frame is about, in its order. */
  get frameKeys(): number[] {
    return this.#frameKeys;
  }

  /** Make a change; false when there is none, or it was refused. */
  apply(change: Change | null, label: string): Promise<boolean> {
    if (!change) return Promise.resolve(false);
    const keys = carryKeys(this.keys, change.origin, this.#fresh);
    this.#next = { layers: change.layers, keys };
    return this.#side.setLayers(this.#lab, change.layers, label);
  }

  #receive(session: Session): void {
    const settings = this.#side.settings(session.experiment);
    if (!settings) return; // it is on its way
    const { layers } = settings;
    if (layers !== this.#shown.layers) this.#show(layers);
    const built = this.#side.built(session);
    if (built !== this.#graph) this.#build(built);
  }

  #show(layers: KindValue[]): void {
    const asked = this.#next && sameShape(this.#next.layers, layers) ? this.#next.keys : null;
    this.#next = null;
    const keys = asked ?? this.#before(layers) ?? reconcile(this.#shown, layers, this.#fresh);
    this.#shown = { layers, keys };
    this.#past = [this.#shown, ...this.#past].slice(0, REMEMBERED);
  }

  /** Of a list that was shown lately: the server has refused what came after it. */
  #before(layers: KindValue[]): number[] | undefined {
    const text = JSON.stringify(layers);
    return this.#past.find((stack) => JSON.stringify(stack.layers) === text)?.keys;
  }

  #build(graph: readonly GraphLayer[]): void {
    this.#graph = graph;
    const built = graph.slice(0, -1).map(({ kind, units }) => ({ kind, units }));
    const known = this.#past.find((stack) => sameShape(stack.layers, built));
    this.#graphKeys = known?.keys ?? reconcile(this.#shown, built, this.#fresh);
  }

  #see(frame: Frame): void {
    if (fits(this.#side, frame, this.#graph)) this.#frameKeys = this.#graphKeys;
  }

  #fresh = (): number => ++this.#lastKey;
}

/** Whether a frame was made of this graph, and not of the one before it. */
function fits(side: Side, frame: Frame, graph: readonly GraphLayer[] | null): boolean {
  const hidden = graph?.slice(0, -1);
  const maps = side.maps(frame) ?? side.passed(frame)?.slice(0, -1).map(valuesOf);
  if (!maps || !hidden) return false;
  return (
    maps.length === hidden.length &&
    maps.every((map, i) => map === null || map.shape[0] === hidden[i]?.units)
  );
}

const valuesOf = ({ values }: LayerActivations) => values;
