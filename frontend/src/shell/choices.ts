import { at, kindValue, options, properties, variant, variants } from '../forms/schema';
import { same } from '../state/patch';
import type { Experiment, Form, Json, KindValue, Patch, Schema, Session } from '../types';

/** Patches that one choice of a person means: a dataset, an optimizer, an activation. */

export interface DatasetKind {
  kind: string;
  title: string;
  problem: 'classification' | 'regression';
  dimensions: number;
  form: Form;
}

export const datasetKinds = (schema: Schema): DatasetKind[] =>
  variants(at(schema, 'data', 'dataset')).map(({ kind, title, node }) => ({
    kind,
    title,
    problem: node['x-problem'] === 'regression' ? 'regression' : 'classification',
    dimensions: Number(node['x-dimensions'] ?? 2),
    form: (node['x-form'] as Form | undefined) ?? 'points',
  }));

/** Another dataset, with what must change beside it so that the experiment stays sound. */
export function chooseDataset(schema: Schema, now: Experiment, next: KindValue): Patch {
  const kinds = datasetKinds(schema);
  const from = kinds.find(({ kind }) => kind === now.data.dataset.kind);
  const to = kinds.find(({ kind }) => kind === next.kind);
  const data: Patch = { dataset: next };
  const patch: Patch = { data };
  // of another form are other networks: the server takes what the dataset suggests
  if (to && (to.form !== 'points' || from?.form !== 'points')) return patch;
  if (to && now.generator && canBeGenerated(to)) return patch; // whatever the labels are
  if (to && from?.dimensions !== to.dimensions)
    data.features = featuresFor(schema, to.dimensions, now.data.features);
  if (to && from?.problem !== to.problem) {
    const loss = at(schema, 'training', 'loss').default;
    if (loss !== undefined) patch.training = { loss: kindValue(loss) };
    patch.network = { output: { activation: null } };
  }
  return patch;
}

/** The problem that a dataset poses: a table's hangs on which of its columns is the answer. */
export function ownProblem(kind: DatasetKind, session: Session): DatasetKind['problem'] {
  const { form, problem, experiment } = session;
  const answered = form === 'table' && kind.form === 'table' && experiment.data.target === 'label';
  return answered && problem !== 'generation' ? problem : kind.problem;
}

/** Of probabilities of classes; what a table is learned by where its answer is a category. */
const CLASSES = 'categorical_crossentropy';

/** Another column as a table's answer; what it is prepared by follows. null: the usual one. */
export function chooseAnswer(
  schema: Schema,
  now: Experiment,
  answer: string | null,
  from: DatasetKind['problem'],
  to: DatasetKind['problem'],
): Patch {
  const data: Patch = { dataset: { answer }, preparation: null };
  if (from === to) return { data };
  if (to === 'regression' && now.data.split.method === 'stratified')
    data.split = { method: 'random' };
  const losses = at(schema, 'training', 'loss');
  const loss = to === 'classification' && variant(losses, CLASSES) ? CLASSES : losses.default;
  return {
    data,
    network: { output: { activation: null } },
    training: { loss: kindValue(loss ?? null) },
  };
}

/** Whether examples of a dataset can be made: points of a plane, and pictures. */
export const canBeGenerated = ({ form, dimensions }: DatasetKind): boolean =>
  form === 'image' || (form === 'points' && dimensions === 2);

/** The dataset with what a person had set on the last one, where the new one has such a field. */
export function carryOver(schema: Schema, last: KindValue, kind: string): KindValue {
  const union = at(schema, 'data', 'dataset');
  const old = variant(union, last.kind)?.node ?? {};
  const fresh = variant(union, kind)?.node ?? {};
  const usual = new Map(properties(schema, old).map(({ name, node }) => [name, node.default]));
  const next: KindValue = { kind };
  for (const { name } of properties(schema, fresh)) {
    const value = last[name];
    const changed = value !== undefined && usual.has(name) && !same(value, usual.get(name));
    if (changed && typeof value === 'number' && name !== 'samples') next[name] = value;
  }
  return next;
}

/** What is on and can be computed; the coordinates themselves where nothing else is left. */
function featuresFor(schema: Schema, dimensions: number, on: string[]): string[] {
  const { items } = at(schema, 'data', 'features');
  const uses = new Map(
    options(items as Schema).map(({ value, uses }) => [value, Array.isArray(uses) ? uses : []]),
  );
  const plain = [...uses].filter(([name, inputs]) => inputs.length === 1 && inputs[0] === name);
  if (dimensions > 1) return plain.map(([name]) => name);
  const kept = on.filter((name) => !uses.get(name)?.includes('y'));
  return kept.length ? kept : plain.slice(0, 1).map(([name]) => name);
}

/** The field of a dataset that holds points drawn by hand, if it has one. */
export const pointsField = (schema: Schema, dataset: Schema): string | undefined =>
  properties(schema, dataset).find(({ node }) => node['x-widget'] === 'points')?.name;

/** An optimizer comes with a learning rate that usually works for it. */
export function chooseOptimizer(schema: Schema, kind: string): Patch {
  const node = variant(at(schema, 'training', 'optimizer'), kind)?.node ?? {};
  const rate = node['x-learning-rate'];
  return {
    training: {
      optimizer: { kind },
      ...(typeof rate === 'number' ? { learning_rate: rate } : {}),
    },
  };
}

/** The one activation of all hidden layers, `mixed` where they differ, '' where there are none. */
export function activationOf(layers: KindValue[]): string {
  const names = new Set(layers.flatMap((layer) => layer.activation ?? []));
  if (names.size > 1) return 'mixed';
  return String([...names][0] ?? '');
}

export const withActivation = (layers: KindValue[], activation: string): KindValue[] =>
  layers.map((layer) => ('activation' in layer ? { ...layer, activation } : layer));

/** The activations there are: those of the first kind of layer that has the field. */
export function activations(schema: Schema) {
  const layers = at(schema, 'network', 'layers').items as Schema;
  for (const { node } of variants(layers)) {
    const field = properties(schema, node).find(({ name }) => name === 'activation');
    if (field) return options(field.node);
  }
  return [];
}

export const PENALTIES = ['none', 'l1', 'l2', 'l1 + l2'] as const;
export type Penalty = (typeof PENALTIES)[number];

export function penaltyOf({ l1, l2 }: { l1: number; l2: number }): Penalty {
  if (l1 && l2) return 'l1 + l2';
  return l1 ? 'l1' : l2 ? 'l2' : 'none';
}

/** The rates that a choice of penalty and one rate mean. */
export const penaltyRates = (penalty: Penalty, rate: number): { l1: number; l2: number } => ({
  l1: penalty.includes('l1') ? rate : 0,
  l2: penalty.includes('l2') ? rate : 0,
});

/** The patch of a nested object from the patch of the field at `path`. */
export const under = (path: string[], patch: Json): Patch =>
  path.reduceRight<Json>((inner, key) => ({ [key]: inner }), patch) as Patch;
