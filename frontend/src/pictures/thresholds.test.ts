import { expect, it } from 'vitest';
import { linePath, readingAt, spanOf, stairsPath } from './thresholds';

// four answers: 0.9 and 0.6 of the class, 0.7 and 0.2 not
const curves = {
  roc: {
    thresholds: [0.9, 0.7, 0.6, 0.2],
    true_positive_rate: [0.5, 0.5, 1, 1],
    false_positive_rate: [0, 0.5, 0.5, 1],
    auc: 0.75,
  },
  precision_recall: {
    precision: [1, 0.5, 2 / 3, 0.5],
    recall: [0.5, 0.5, 1, 1],
    average_precision: 5 / 6,
  },
};

it('takes for the class what is at least as high as the threshold', () => {
  expect(readingAt(curves, 0.7)).toEqual({ recall: 0.5, fallout: 0.5, precision: 0.5 });
  expect(readingAt(curves, 0.71)).toEqual({ recall: 0.5, fallout: 0, precision: 1 });
  expect(readingAt(curves, 0)).toEqual({ recall: 1, fallout: 1, precision: 0.5 });
});

it('has no precision where nothing is taken for the class, and nothing without curves', () => {
  expect(readingAt(curves, 0.95)).toEqual({ recall: 0, fallout: 0, precision: null });
  expect(readingAt({ roc: null, precision_recall: null }, 0.5)).toBeNull();
});

it('goes as far as the answers do, and from 0 to 1 at least', () => {
  expect(spanOf(curves)).toEqual([0, 1]);
  expect(spanOf({ roc: { ...curves.roc, thresholds: [2.5, -0.25] } })).toEqual([-0.25, 2.5]);
  expect(spanOf({ roc: null })).toEqual([0, 1]);
});

it('draws lines and stairs upwards', () => {
  expect(linePath([0, 1], [0, 0.5])).toBe('M0 100L100 50');
  expect(stairsPath([0.5, 1], [1, 0.5])).toBe('M0 0H50V50H100');
});
