/** What a frame may hide, by TensorFlow Playground's names. */

import { factsOf } from '../network/facts';
import type { Schema } from '../types';

export interface Hideable {
  /** As in an address: `<name>_hide=true`; the text alone is `hideText=true`. */
  name: string;
  title: string;
}

export interface HideableGroup {
  title: string;
  items: readonly Hideable[];
}

const CONTROLS: readonly HideableGroup[] = [
  {
    title: 'Training',
    items: [
      { name: 'playButton', title: 'Play' },
      { name: 'stepButton', title: 'Step and Epoch' },
      { name: 'resetButton', title: 'Reset' },
    ],
  },
  {
    title: 'Settings',
    items: [
      { name: 'learningRate', title: 'Learning rate' },
      { name: 'activation', title: 'Activation' },
      { name: 'regularization', title: 'Regularization' },
      { name: 'regularizationRate', title: 'Reg. rate' },
      { name: 'problem', title: 'Problem' },
      { name: 'numHiddenLayers', title: 'Number of layers' },
      { name: 'workflow', title: 'From data to deployment' },
    ],
  },
  {
    title: 'Data',
    items: [
      { name: 'dataset', title: 'Datasets' },
      { name: 'percTrainData', title: 'Training part' },
      { name: 'noise', title: 'Noise' },
      { name: 'batchSize', title: 'Batch size' },
    ],
  },
  {
    title: 'Plot',
    items: [
      { name: 'showTestData', title: 'Test' },
      { name: 'discretize', title: 'Discretize' },
      { name: 'hideText', title: 'Text' },
    ],
  },
];

/** All there is, the features of the schema among them. */
export function hideable(schema: Schema | null): readonly HideableGroup[] {
  const features = schema ? factsOf(schema).features : [];
  const items = features.map(({ value, title, tf }) => ({ name: String(tf ?? value), title }));
  return items.length ? [...CONTROLS, { title: 'Features', items }] : CONTROLS;
}
