/** Pictures of the outcome that only some networks have. */

import type { Tab } from '../pictures/Tabs.svelte';
import type { Session } from '../types';
import { layersOf } from './plane';

export type FamilyTab =
  | 'text'
  | 'forecast'
  | 'plane'
  | 'wall'
  | 'noise'
  | 'row'
  | 'columns'
  | 'drive';

const TABS: { [Id in FamilyTab]: Tab<Id> } = {
  text: {
    id: 'text',
    title: 'Text',
    help: 'What the network writes, and how likely each letter is to come next.',
  },
  forecast: {
    id: 'forecast',
    title: 'Forecast',
    help: 'How the network goes on with the example by itself.',
  },
  wall: {
    id: 'wall',
    title: 'Made and real',
    help: 'What the generator makes beside real pictures, and what each is taken for.',
  },
  noise: {
    id: 'noise',
    title: 'Plane of noise',
    help: 'What the generator makes all over the first two numbers of the noise.',
  },
  row: {
    id: 'row',
    title: 'Try a row',
    help: 'What the network says of a row whose values you choose.',
  },
  columns: {
    id: 'columns',
    title: 'Columns',
    help: 'How much hangs on each column, and how the answers change with its values.',
  },
  drive: {
    id: 'drive',
    title: 'Drive',
    help: 'The car as the network steers it, on a lane it has seen and on a new one.',
  },
  plane: {
    id: 'plane',
    title: 'Plane',
    help: 'Where a layer puts the examples, and what is rebuilt from all over that plane.',
  },
};

type Asked = Pick<
  Session,
  'form' | 'graph' | 'input_shape' | 'label_shape' | 'experiment' | 'problem'
>;

/**
 * What is looked at first, and what stands among the details. continues: whether the dataset's
 * answer is what comes next. drives: whether the answer is how a car is steered.
 */
export function familyTabs(
  session: Asked,
  continues: boolean,
  drives = false,
): { first: Tab<FamilyTab>[]; later: Tab<'plane'>[] } {
  const { form, input_shape, label_shape, experiment, problem } = session;
  if (problem === 'generation')
    return { first: form === 'points' ? [] : [TABS.wall, TABS.noise], later: [] };
  const plane = layersOf(session).length ? [TABS.plane] : [];
  if (form === 'points') return { first: [], later: plane };
  if (experiment.data.target === 'input') return { first: plane, later: [] };
  if (form === 'table') {
    const drive = drives ? [TABS.drive] : [];
    return { first: [...drive, TABS.row, TABS.columns], later: plane };
  }
  if (form === 'tokens' && continues && label_shape.length)
    return { first: [TABS.text], later: [] };
  const first = form === 'sequence' && continues && input_shape.at(-1) === 1 ? [TABS.forecast] : [];
  return { first, later: label_shape.length ? [] : plane };
}
