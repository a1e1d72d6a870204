import { getContext, setContext, tick, untrack } from 'svelte';
import { unitNoun } from '../examples/words';
import type { Variant } from '../forms/schema';
import { NEGATIVE, POSITIVE, POSITIVE_DARK } from '../pictures/colors';
import { theme, token } from '../pictures/theme.svelte';
import type { Floats, Json, KindValue, Lab, LayerActivations, Option, Problem } from '../types';
import {
  factsOf,
  featureChoices,
  fieldOf,
  reads,
  readsTokens,
  titleOf,
  titleOfKind,
  toggleFeature,
  unitLimits,
  widthField,
} from './facts';
import { type Box, type Column, layout, windowWith } from './geometry';
import { Glide, reducedMotion } from './glide';
import {
  type Change,
  clamp,
  duplicateLayer,
  insertLayer,
  moveLayer,
  newLayer,
  removeLayer,
  replaceLayer,
  setField,
} from './layers';
import { biasesOf, entry, type Hit, linksOf } from './links';
import { Mover } from './mover.svelte';
import type { Painter, Scene, Skip } from './painter';
import { pairWeights } from './pairing';
import { asLines, madeMaps, outputMaps } from './pictures';
import { preview } from './reorder';
import { NETWORK, type Side } from './side';
import { Spot } from './spot.svelte';
import { LayerStack } from './stack.svelte';
import { greyText, layerName, plural, unitName, weightText } from './words';

/** Keys of the columns that are no hidden layers. */
export const FEATURES = -1;
export const OUTPUT = -2;
/** The weights of a layer with more of them the server is not asked for. */
export const MOST_WEIGHTS = 20_000;

/** What is open above the room, and where. */
export type Panel = {
  owner: Element | null; // what opened it, and closes it again
  anchor: () => Box | null;
} & PanelBody;
export type PanelBody =
  | { type: 'example' }
  | { type: 'layer'; key: number }
  | { type: 'output' }
  | { type: 'add'; at: number }
  | { type: 'unit'; key: number; unit: number }
  | { type: 'weight'; point: WeightPoint };

/** One weight, or where `row` is null the bias, of a unit. */
export interface WeightPoint {
  key: number;
  unit: number;
  row: number | null;
}

/** The network as it is on the screen, and what can be done with it. */
export class Room {
  readonly lab: Lab;
  /** Which network it is. */
  readonly side: Side;
  readonly stack: LayerStack;
  readonly spot: Spot;
  readonly mover: Mover;
  readonly glide = new Glide(() => this.painter?.redraw());
  painter = $state.raw<Painter | null>(null);
  root: HTMLElement | null = null;
  stage: HTMLElement | null = null;

  width = $state(660);
  height = $state(560);
  scroll = $state(0);
  panel = $state.raw<Panel | null>(null);
  hit = $state.raw<Hit | null>(null);
  said = $state('');
  /** An output that is pointed at. */
  hoveredOutput = $state<number | null>(null);
  /** A column of a row that is pointed at. */
  hoveredInput = $state<number | null>(null);
  #windows = $state<Record<number, number>>({});
  #tabStops = $state<Record<number, number>>({});
  #sequence: number[] = [];
  /** Where the layers of the last refused list stood before, which is where they stand. */
  #refused = $state.raw<readonly (number | null)[] | null>(null);

  readonly facts = $derived.by(() =>
    this.lab.schema ? factsOf(this.lab.schema, this.isGenerator) : null,
  );
  readonly dimensions = $derived.by(() => this.lab.session?.dimensions ?? 2);
  /** Whether examples are points, with features; else one example is shown on its way. */
  readonly planar = $derived.by(() => (this.lab.session?.form ?? 'points') === 'points');
  /** Whether an example is a row of a table, whose columns the network reads one by one. */
  readonly tabular = $derived.by(() => this.lab.session?.form === 'table');
  readonly active = $derived.by(() => this.lab.session?.experiment.data.features ?? []);
  readonly inputs = $derived.by(() => (this.lab.session ? this.side.inputs(this.lab.session) : []));
  /** The layers as the server has built them, the output last. */
  readonly built = $derived.by(() => (this.lab.session ? this.side.built(this.lab.session) : []));
  readonly features = $derived.by(() =>
    this.planar
      ? featureChoices(this.facts?.features ?? [], this.dimensions, this.active, this.lab.view.hide)
      : [],
  );
  readonly outputs = $derived.by(() => this.built.at(-1)?.units ?? 1);
  /** Keys of the hidden layers from left to right, as they stand now. */
  readonly order = $derived.by(() => preview(this.stack.keys, this.mover.state));
  readonly sequence = $derived([FEATURES, ...this.order, OUTPUT]);
  readonly place = $derived.by(() =>
    layout({
      width: this.width,
      height: this.height,
      features: this.features.length,
      example: !this.planar && !this.isGenerator && !this.tabular,
      row: this.tabular ? { units: this.inputs.length, first: this.#windows[FEATURES] } : undefined,
      noise: this.isGenerator
        ? { units: this.inputs.length, first: this.#windows[FEATURES] }
        : undefined,
      layers: this.order.map((key) => ({
        units: this.units(key),
        first: this.#windows[key],
        small: this.isPlain(key),
      })),
      output: { units: this.outputs, first: this.#windows[OUTPUT] },
    }),
  );
  /** Between which columns there is one band: everything there is joined, or by too much. */
  readonly bands = $derived.by(() => this.place.columns.slice(1).map((_, i) => this.#isBand(i)));
  readonly links = $derived.by(() =>
    linksOf(
      this.place,
      this.isGenerator || this.tabular ? this.#shownRows() : this.#featureRows(),
    ).map((pair, i) => (this.bands[i] ? [] : pair)),
  );
  readonly biases = $derived(biasesOf(this.place).filter(({ layer }) => !this.bands[layer]));
  readonly skips = $derived.by(() => this.#skips());
  readonly weights = $derived.by(() =>
    pairWeights(this.order, this.stack.frameKeys, this.frameWeights),
  );
  readonly frameWeights = $derived.by(() => {
    const { session, frame } = this.lab;
    const layers = frame?.views.weights?.layers;
    return layers && session ? { layers: layers.slice(this.side.first(session)) } : undefined;
  });
  readonly outputMaps = $derived.by(() =>
    this.isGenerator
      ? asLines(madeMaps(this.lab.frame?.views.manifold, this.lab.session?.domain))
      : outputMaps(this.lab.frame?.views.surface),
  );
  readonly passed = $derived.by(() => this.lab.frame?.views.activations ?? null);
  readonly answered = $derived.by(() =>
    this.lab.frame ? this.side.passed(this.lab.frame) : undefined,
  );
  readonly editable = $derived.by(() => !this.lab.view.hide.numHiddenLayers);
  readonly full = $derived.by(() => this.stack.keys.length >= this.mostLayers);
  readonly playing = $derived.by(
    () => this.lab.frame?.playing ?? this.lab.session?.playing ?? false,
  );
  readonly ink = $derived.by(() => ({
    positive: theme.dark ? POSITIVE_DARK : POSITIVE,
    negative: NEGATIVE,
    unknown: token('--line-strong', '#87929c'),
    paper: token('--page', '#ffffff'),
  }));

  /** Create it while a component is being created. */
  constructor(lab: Lab, side: Side = NETWORK) {
    this.lab = lab;
    this.side = side;
    this.stack = new LayerStack(lab, side);
    this.spot = new Spot(lab);
    this.mover = new Mover({
      keys: () => this.stack.keys,
      title: (index) => this.kindTitle(this.stack.layers[index]),
      slots: () => this.place.columns.slice(1, -1).map((column) => column.x),
      toStage: (x) => x - (this.stage?.getBoundingClientRect().left ?? 0),
      carry: (key, x) => this.glide.carry(key, x),
      commit: (from, to) => this.move(from, to),
      remove: (index) => this.remove(index),
      say: (text) => this.say(text),
    });
    $effect.pre(() => this.#sendColumns());
    $effect(() => {
      void this.place;
      this.hit = null;
    });
    $effect(() => this.#closeGonePanel());
    $effect(() => {
      void this.stack.keys;
      untrack(() => this.spot.clear()); // it would be another unit now
    });
    $effect(() => () => this.glide.stop());
  }

  // -- reading -----------------------------------------------------------------------------

  get isGenerator(): boolean {
    return this.side.name === 'generator';
  }

  get mostLayers(): number {
    return this.facts?.mostLayers ?? Number.POSITIVE_INFINITY;
  }

  get scene(): Scene {
    return {
      place: this.place,
      links: this.links,
      bands: this.bands,
      skips: this.skips,
      biases: this.biases,
      weights: this.weights,
      focus: this.#focus(),
      hit: this.hit,
      ink: this.ink,
      view: { left: this.scroll, width: this.width },
    };
  }

  /** Centres of the columns now, while they glide too. */
  positions = (): number[] => this.#sequence.map((key) => this.glide.at(key));

  indexOf(key: number): number {
    return this.stack.keys.indexOf(key);
  }

  layer(key: number): KindValue | undefined {
    return this.stack.layers[this.indexOf(key)];
  }

  kind(layer: KindValue | undefined): Variant | undefined {
    return this.facts?.kinds.find((kind) => kind.kind === layer?.kind);
  }

  kindTitle(layer: KindValue | undefined): string {
    return layer ? titleOfKind(this.facts?.kinds ?? [], layer.kind) : '';
  }

  units(key: number): number {
    const layer = this.layer(key);
    const units = layer?.units ?? layer?.filters ?? this.graphLayer(key)?.units;
    return typeof units === 'number' ? units : 1;
  }

  /** Whether a layer has no weights, such as a pooling. Of points all are drawn alike. */
  isPlain(key: number): boolean {
    const params = this.graphLayer(key)?.params;
    return !this.planar && params !== undefined && Object.keys(params).length === 0;
  }

  /** The shape of what a layer gives, or of what comes in; null while it is being built. */
  shapeOf(key: number): readonly number[] | null {
    if (key === FEATURES)
      return this.isGenerator ? [this.inputs.length] : (this.lab.session?.input_shape ?? null);
    return (key === OUTPUT ? this.built.at(-1) : this.graphLayer(key))?.shape ?? null;
  }

  graphLayer(key: number) {
    return this.built[this.stack.frameKeys.indexOf(key)];
  }

  unitLimits(key: number) {
    const node = this.kind(this.layer(key))?.node;
    return this.facts && unitLimits(this.facts.root, node);
  }

  activation(key: number): string {
    const layer = this.layer(key);
    if (!this.facts || !layer) return '';
    return titleOf(
      fieldOf(this.facts.root, this.kind(layer)?.node, 'activation'),
      layer.activation,
    );
  }

  get outputActivation(): string {
    const used = this.built.at(-1)?.activation;
    if (!this.facts || !used) return '';
    return titleOf(fieldOf(this.facts.root, this.facts.output, 'activation'), used);
  }

  get lossTitle(): string {
    const loss = this.lab.session?.experiment.training.loss.kind ?? '';
    return titleOfKind(this.facts?.losses ?? [], loss);
  }

  column(key: number): Column | undefined {
    return this.place.columns[this.sequence.indexOf(key)];
  }

  inSight(key: number): boolean {
    const x = this.column(key)?.x ?? 0;
    const half = this.place.headWidth / 2;
    return x + half > this.scroll && x - half < this.scroll + this.width;
  }

  unitMaps(key: number) {
    if (key === OUTPUT) return this.outputMaps;
    const { frame } = this.lab;
    const maps = frame && this.side.maps(frame);
    return asLines(maps?.[this.stack.frameKeys.indexOf(key)] ?? null);
  }

  /** What a layer answers to the example; undefined while that is not known. */
  answers(key: number): LayerActivations | undefined {
    const layers = this.answered;
    return key === OUTPUT ? layers?.at(-1) : layers?.[this.stack.frameKeys.indexOf(key)];
  }

  /** Every parameter of a layer by its name; null where they are too many to send. */
  params(key: number): Record<string, Floats> | null {
    const layers = this.frameWeights?.layers;
    const at = key === OUTPUT ? this.stack.frameKeys.length : this.stack.frameKeys.indexOf(key);
    return layers?.[at] ?? null;
  }

  /** What the server said of a layer that it refused; null where nothing. */
  problemOf(key: number): Problem | null {
    const index = key === OUTPUT ? null : this.indexOf(key);
    return this.lab.problems.find(({ path }) => this.#refusedAt(path) === index) ?? null;
  }

  /** The layer as it is now that a refused list's path names; null the list as a whole. */
  #refusedAt(path: string): number | null | undefined {
    const list = `/experiment${this.side.pointer}/layers`;
    if (!path.startsWith(list)) return undefined;
    const found = /^\/(\d+)/.exec(path.slice(list.length));
    if (found?.[1] === undefined) return null;
    const at = Number(found[1]);
    return this.#refused ? (this.#refused[at] ?? undefined) : at;
  }

  /** The layer within its network: hidden layers, then the output. */
  #layerOf(key: number): number {
    return key === OUTPUT ? this.stack.keys.length : this.indexOf(key);
  }

  /** The layer as the server counts. */
  layerOf(key: number): number {
    return (this.lab.session ? this.side.first(this.lab.session) : 0) + this.#layerOf(key);
  }

  weightsOf(key: number) {
    return this.weights[this.sequence.indexOf(key) - 1] ?? null;
  }

  /** Whether the weights into a column are too many to be shown. */
  tooMany(key: number): boolean {
    const w = (key === OUTPUT ? this.built.at(-1) : this.graphLayer(key))?.params.w ?? [];
    return w.length === 2 && (w[0] ?? 0) * (w[1] ?? 0) > MOST_WEIGHTS;
  }

  /** A sentence on the columns without weights; '' where all are shown. */
  get grey(): string {
    const keys = [...this.order, OUTPUT].filter((key) => this.tooMany(key));
    return this.planar && keys.length
      ? greyText(
          keys.map((key) => this.columnName(key)),
          MOST_WEIGHTS,
        )
      : '';
  }

  columnName(key: number): string {
    const name = layerName(this.#layerOf(key), this.stack.keys.length);
    const { prefix } = this.side;
    return prefix ? `${prefix} ${name.toLowerCase()}` : name;
  }

  /** What feeds a column, row by row of its weights. */
  sources(key: number): string[] {
    const before = this.sequence[this.sequence.indexOf(key) - 1] ?? FEATURES;
    if (before === FEATURES)
      return this.inputs.map((name) => (this.isGenerator ? name : this.featureTitle(name)));
    return Array.from({ length: this.units(before) }, (_, unit) => unitName(unit));
  }

  featureTitle(name: string): string {
    if (this.tabular) return name;
    return this.facts?.features.find((option) => option.value === name)?.title ?? name;
  }

  targetName(key: number, unit: number): string {
    if (key !== OUTPUT) return unitName(unit, unitNoun(this.shapeOf(key) ?? []));
    if (this.isGenerator && this.planar) return 'xy'[unit] ?? '';
    return this.outputs > 1 ? `output ${unit + 1}` : 'output';
  }

  pointOf(hit: Hit): WeightPoint {
    const { layer, unit } = hit.type === 'link' ? hit.link : hit.bias;
    const row = hit.type === 'link' ? hit.link.row : null;
    return { key: this.sequence[layer + 1] ?? OUTPUT, unit, row };
  }

  value({ key, unit, row }: WeightPoint): number | null {
    const weights = this.weightsOf(key);
    if (!weights) return null;
    return row === null ? (weights.b.data[unit] ?? null) : entry(weights.w, row, unit);
  }

  edit(point: WeightPoint, value: number): void {
    const { key, unit, row } = point;
    const before = this.value(point);
    if (before === null) return;
    const layer = this.layerOf(key);
    if (row === null) this.lab.edit({ layer, param: 'b', index: [unit] }, value, before);
    else this.lab.edit({ layer, param: 'w', index: [row, unit] }, value, before);
  }

  /** "X₁ → unit 3", or of a bias "unit 3". */
  path({ key, unit, row }: WeightPoint): string {
    const target = this.targetName(key, unit);
    return row === null ? target : `${this.sources(key)[row] ?? '?'} → ${target}`;
  }

  /** "w = 0.4213 (X₁ → unit 3)". */
  text(point: WeightPoint): string {
    if (this.tooMany(point.key)) return `${this.path(point)}: too many weights to show`;
    const value = this.value(point);
    const symbol = point.row === null ? 'b' : 'w';
    return `${symbol} = ${value === null ? '…' : weightText(value)} (${this.path(point)})`;
  }

  /** Whether Tab stops at this tile of its column. */
  isTabStop(key: number, unit: number): boolean {
    const column = this.column(key);
    if (!column) return false;
    const last = column.first + column.ys.length - 1;
    return unit === clamp(this.#tabStops[key] ?? column.first, column.first, last);
  }

  // -- changing the network ----------------------------------------------------------------

  setUnits(key: number, units: number): void {
    const index = this.indexOf(key);
    const field = this.facts && widthField(this.facts.root, this.kind(this.layer(key))?.node);
    const name = field ?? 'units';
    void this.#apply(
      setField(this.stack.layers, index, name, units),
      `${name} of layer ${index + 1}`,
    );
  }

  patchLayer(key: number, patch: { [key: string]: Json }): void {
    const index = this.indexOf(key);
    const layer = this.stack.layers[index];
    if (!layer) return;
    const names = Object.keys(patch).join(', ');
    const change = replaceLayer(this.stack.layers, index, { ...layer, ...patch });
    void this.#apply(change, `${names} of layer ${index + 1}`);
  }

  /** Of points a layer at once, of the most usual kind; else which one is asked. */
  addAtEnd(owner: Element): void {
    const at = this.stack.keys.length;
    const [usual] = this.kindsAt(at);
    if (this.planar && usual) this.add(usual, at);
    else this.askAdd(at, owner);
  }

  /** Every kind of layer, those first that are likeliest at a place of the list. */
  kindsAt(at: number): Variant[] {
    const kinds = this.facts?.kinds ?? [];
    const like = this.stack.layers[at - 1]?.kind;
    const rank = (kind: Variant) =>
      (this.fitsAt(kind, at) ? 0 : 100) +
      (this.#hasWidth(kind) ? 0 : 10) +
      (kind.kind === like ? 0 : 1) +
      (this.planar || reads(kind).length === 1 ? 0 : 1);
    return kinds.toSorted((a, b) => rank(a) - rank(b));
  }

  #hasWidth(kind: Variant): boolean {
    return this.facts !== null && widthField(this.facts.root, kind.node) !== null;
  }

  /** Add a layer, or ask which kind where there are several. */
  askAdd(at: number, owner: Element): void {
    const kinds = this.facts?.kinds ?? [];
    const [only] = kinds;
    if (kinds.length === 1 && only) this.add(only, at);
    else if (kinds.length > 1) this.open({ type: 'add', at }, owner);
  }

  /** Whether a kind of layer can read what comes to a place of the list. */
  fitsAt(kind: Variant, at: number): boolean {
    if (this.planar) return reads(kind).includes(1);
    const before = this.stack.keys[at - 1];
    const shape = this.shapeOf(at === 0 || before === undefined ? FEATURES : before);
    const tokens = this.facts !== null && readsTokens(this.facts.root, kind);
    const asked = at === 0 && !this.isGenerator && this.lab.session?.form === 'tokens';
    return tokens === asked && (tokens || shape === null || reads(kind).includes(shape.length));
  }

  add(kind: Variant, at: number): void {
    const fields = (kind.node.properties ?? {}) as Record<string, unknown>;
    const units = this.planar ? undefined : null;
    const layer = newLayer(kind.kind, fields, this.stack.layers, at, units);
    const change = insertLayer(this.stack.layers, at, layer, this.mostLayers);
    this.panel = null;
    if (!change) return;
    void this.#apply(change, `add layer ${change.layers.length}`);
    this.say(`${kind.title} layer added at place ${at + 1} of ${change.layers.length}.`);
    void this.#reveal(at + 1);
  }

  duplicate(key: number): void {
    const index = this.indexOf(key);
    const change = duplicateLayer(this.stack.layers, index, this.mostLayers);
    this.panel = null;
    if (!change) return;
    void this.#apply(change, `add layer ${change.layers.length}`);
    void this.#reveal(index + 2);
    this.say(`Layer ${index + 1} duplicated.`);
  }

  /** refocus: the button that was pressed goes with the layer. */
  remove(index: number, refocus = true): void {
    const change = removeLayer(this.stack.layers, index);
    if (!change) return;
    const title = this.kindTitle(this.stack.layers[index]);
    const left = this.stack.keys.toSpliced(index, 1);
    this.panel = null;
    void this.#apply(change, `remove layer ${left.length}`);
    this.say(`${title} removed, ${plural(change.layers.length, 'hidden layer')} left.`);
    if (!refocus) return;
    const next = left[index] ?? left.at(-1) ?? OUTPUT;
    void this.focus(`[data-head="${next}"]`);
  }

  removeLast(): void {
    this.remove(this.stack.keys.length - 1, false);
  }

  move(from: number, to: number, refocus = true): void {
    const key = this.stack.keys[from];
    void this.#apply(moveLayer(this.stack.layers, from, to), 'move a layer');
    if (refocus) void this.focus(`[data-handle="${key}"]`);
  }

  toggleFeature(option: Option): void {
    const all = this.facts?.features ?? [];
    const features = toggleFeature(all, this.active, option.value);
    if (features === null) this.say('At least one feature must stay.');
    else void this.lab.patch({ data: { features } }, `feature ${option.title}`);
  }

  async #apply(change: Change | null, label: string): Promise<boolean> {
    const done = await this.stack.apply(change, label);
    this.#refused = done ? null : (change?.origin ?? null);
    return done;
  }

  // -- moving about ------------------------------------------------------------------------

  say(text: string): void {
    this.said = this.said === text ? `${text}\u00a0` : text;
  }

  open(body: PanelBody, owner: Element): void {
    if (this.panel?.owner === owner) {
      this.panel = null;
      return;
    }
    const anchor = () => (owner.isConnected ? owner.getBoundingClientRect() : null);
    this.panel = { ...body, owner, anchor };
  }

  openHit(hit: Hit, x: number, y: number): void {
    const anchor = () => {
      const box = this.stage?.getBoundingClientRect();
      return box ? { left: box.left + x - 4, top: box.top + y - 4, width: 8, height: 8 } : null;
    };
    this.panel = { type: 'weight', point: this.pointOf(hit), owner: null, anchor };
  }

  isOpen(type: PanelBody['type'], key: number): boolean {
    const { panel } = this;
    return panel?.type === type && (panel.type !== 'layer' || panel.key === key);
  }

  showUnits(key: number, first: number): void {
    this.#windows[key] = first;
  }

  async focus(selector: string): Promise<void> {
    await tick();
    this.root?.querySelector<HTMLElement>(selector)?.focus();
  }

  /** Scroll so that a column and the one after it can be seen. */
  async #reveal(column: number): Promise<void> {
    await tick();
    const scroller = this.stage?.parentElement;
    const from = this.place.columns[column - 1]?.x ?? 0;
    const to = this.place.columns[column + 1]?.x ?? this.place.width;
    if (!scroller) return;
    const margin = this.place.headWidth / 2;
    const least = to + margin - this.width;
    const left = clamp(scroller.scrollLeft, least, Math.max(least, from - margin));
    scroller.scrollTo({ left, behavior: reducedMotion() ? 'auto' : 'smooth' });
  }

  /** Arrow keys go from tile to tile: along a column, and to the columns beside it. */
  walk(column: number, unit: number, key: string): boolean {
    const here = this.place.columns[column];
    const id = this.sequence[column];
    if (!here || id === undefined) return false;
    if (key === 'ArrowLeft' || key === 'ArrowRight') {
      const step = key === 'ArrowLeft' ? -1 : 1;
      return this.#walkAcross(column + step, here.ys[unit - here.first] ?? 0);
    }
    const ends: Record<string, number> = {
      ArrowUp: unit - 1,
      ArrowDown: unit + 1,
      Home: 0,
      End: here.units - 1,
    };
    const to = ends[key];
    if (to === undefined || to < 0 || to >= here.units) return false;
    if (here.rest > 0) this.showUnits(id, windowWith(to, here.first, here.ys.length));
    this.#land(column, to);
    return true;
  }

  #walkAcross(column: number, y: number): boolean {
    const there = this.place.columns[column];
    if (!there) return false;
    const gaps = there.ys.map((one) => Math.abs(one - y));
    this.#land(column, there.first + gaps.indexOf(Math.min(...gaps)));
    return true;
  }

  #land(column: number, unit: number): void {
    const key = this.sequence[column];
    if (key !== undefined) this.#tabStops[key] = unit;
    void this.focus(`[data-column="${column}"][data-unit="${unit}"]`);
  }

  // -- following ---------------------------------------------------------------------------

  /** Of points never; else unless two rows of units are joined by weights that are at hand. */
  #isBand(pair: number): boolean {
    if (this.planar) return this.isGenerator && this.#isFolded(pair);
    const [from = FEATURES, to = OUTPUT] = this.sequence.slice(pair, pair + 2);
    const rows = [from, to].every((key) => this.shapeOf(key)?.length === 1);
    const example = from === FEATURES && !this.isGenerator && !this.tabular;
    return example || !rows || this.tooMany(to) || this.isPlain(to);
  }

  /** Whether two columns of a generator of points are not both rows of units. */
  #isFolded(pair: number): boolean {
    const shapes = this.sequence.slice(pair, pair + 2).map((key) => this.shapeOf(key));
    return shapes.some((shape) => shape !== null && shape.length !== 1);
  }

  #shownRows(): number[] {
    const column = this.place.columns[0];
    return (column?.ys ?? []).map((_, i) => (column?.first ?? 0) + i);
  }

  /** From and to which columns what an earlier layer gives is taken as well. */
  #skips(): Skip[] {
    return this.order.flatMap((key, i) => {
      const back = this.graphLayer(key)?.back ?? null;
      return back === null || back > i ? [] : [{ from: i - back, to: i + 1 }];
    });
  }

  #featureRows(): number[] {
    return this.features.map(({ value }, i) => {
      if (!this.active.includes(value)) return -1;
      const row = this.inputs.indexOf(value);
      return row >= 0 ? row : this.inputs.length + i; // not built yet: a link without a weight
    });
  }

  #focus(): Scene['focus'] {
    const spot = this.lab.spotlight;
    const last = this.sequence.length - 1;
    if (this.hoveredOutput !== null) return { column: last, unit: this.hoveredOutput };
    if (this.hoveredInput !== null) return { column: 0, unit: this.hoveredInput };
    if (spot?.type === 'feature') return this.isGenerator ? null : this.#featureFocus(spot.name);
    if (!spot || spot.type !== this.side.spot(0, 0).type) return null;
    const column = this.sequence.indexOf(this.stack.keys[spot.layer] ?? OUTPUT);
    const there = this.place.columns[column];
    const row = spot.unit - (there?.first ?? 0);
    const shown = there !== undefined && row >= 0 && row < there.ys.length;
    return shown ? { column, unit: spot.unit } : null;
  }

  #featureFocus(name: string): Scene['focus'] {
    const row = this.active.includes(name) ? this.inputs.indexOf(name) : -1;
    return row < 0 ? null : { column: 0, unit: row };
  }

  #sendColumns(): void {
    const { sequence, place } = this;
    const moved = this.#sequence.length > 0 && `${this.#sequence}` !== `${sequence}`;
    this.#sequence = sequence;
    this.glide.send(new Map(sequence.map((key, i) => [key, place.columns[i]?.x ?? 0])), moved);
  }

  #closeGonePanel(): void {
    const { panel } = this;
    if (!panel || panel.type === 'output' || panel.type === 'add' || panel.type === 'example')
      return;
    const { key, unit } = { unit: 0, ...(panel.type === 'weight' ? panel.point : panel) };
    const column = this.column(key);
    if (!column || unit >= column.units) this.panel = null;
  }
}

const CONTEXT = Symbol('network room');
export const provideRoom = (room: Room): Room => setContext(CONTEXT, room);
export const useRoom = (): Room => getContext<Room>(CONTEXT);
