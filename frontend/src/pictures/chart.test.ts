import { expect, it } from 'vitest';
import { logTicks } from './chart';

it('a log axis has a few round ticks, however long it is', () => {
  expect(logTicks(0.3, 0.6)).toEqual([0.5]);
  expect(logTicks(0.02, 2)).toEqual([0.02, 0.05, 0.1, 0.2, 0.5, 1, 2]);
  expect(logTicks(3e-6, 0.6)).toEqual([1e-4, 1e-2]);
  expect(logTicks(1e-12, 1e29).length).toBeLessThan(6);
});
