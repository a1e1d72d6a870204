import { expect, it } from 'vitest';
import { hideable } from './hiding';

/** TensorFlow Playground's own list; a text, the workflow and features come with it. */
const NAMES = [
  'showTestData',
  'discretize',
  'playButton',
  'stepButton',
  'resetButton',
  'learningRate',
  'activation',
  'regularization',
  'regularizationRate',
  'problem',
  'dataset',
  'percTrainData',
  'noise',
  'batchSize',
  'numHiddenLayers',
];

it('has each of TensorFlow Playground’s names once', () => {
  const names = hideable(null).flatMap(({ items }) => items.map(({ name }) => name));
  expect(names.toSorted()).toEqual([...NAMES, 'hideText', 'workflow'].toSorted());
});
