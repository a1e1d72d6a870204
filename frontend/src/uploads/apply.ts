/** What using a dataset of one's own means to the experiment. */

import { at, properties, unwrap, variant } from '../forms/schema';
import { chooseAnswer, chooseDataset, datasetKinds, ownProblem } from '../shell/choices';
import { same as alike } from '../state/patch';
import type { Json, KindValue, Patch, Schema, Session } from '../types';
import type { TableProfile, TypedProfile } from './wire';

/** The dataset, and what must change beside it so that the experiment stays sound. */
export function usePatch(
  schema: Schema,
  session: Session,
  dataset: KindValue,
  table: TableProfile | null,
): Patch {
  const { experiment } = session;
  const now = experiment.data.dataset;
  const patch = chooseDataset(schema, experiment, whole(schema, dataset));
  if (now.kind !== dataset.kind) return patch;
  const same = (field: string) => alike(now[field] ?? null, dataset[field] ?? null);
  if (['file', 'types', 'answer'].every(same)) return patch;
  const split: Patch = same('file') ? {} : { split: { method: 'random', column: null } };
  const answered = answerPatch(schema, session, dataset, table);
  return {
    ...answered,
    ...patch,
    data: { ...(answered.data as Patch), ...split, ...(patch.data as Patch) },
  };
}

/** What follows the answer of the same kind of table: losses, the output, the preparation. */
function answerPatch(
  schema: Schema,
  session: Session,
  { kind, answer = null }: KindValue,
  table: TableProfile | null,
): Patch {
  const mine = datasetKinds(schema).find((one) => one.kind === kind);
  if (mine?.form !== 'table' || !table) return { data: { preparation: null } };
  const column = table.columns.find(({ name }) => name === (answer ?? table.answer));
  const to = column?.kind === 'number' ? 'regression' : 'classification';
  return chooseAnswer(schema, session.experiment, null, ownProblem(mine, session), to);
}

/** With every field said, so that nothing of another file of the same kind stays. */
function whole(schema: Schema, dataset: KindValue): KindValue {
  const node = variant(at(schema, 'data', 'dataset'), dataset.kind)?.node ?? {};
  const usual = properties(schema, node).map(({ name, node }) => [name, node.default ?? null]);
  return { ...Object.fromEntries(usual), ...dataset } as KindValue;
}

/** The columns that a field may name; the first is the usual choice, where it may be left open. */
export function columnChoices(
  schema: Schema,
  field: Schema,
  columns: TypedProfile[],
  now: Json | undefined,
): { value: string; title: string }[] {
  const names = columns.map(({ name, kind }) => ({
    value: name,
    title: `${name} (${kind})`,
  }));
  const lost = typeof now === 'string' && !names.some(({ value }) => value === now);
  return [
    ...(unwrap(schema, field).nullable ? [{ value: '', title: 'Automatic' }] : []),
    ...(lost ? [{ value: now, title: now }] : []),
    ...names,
  ];
}
