import { expect, test } from 'vitest';
import type { Augmented } from '../types';
import { decoded, isMixed, largestShare, sizeOf, wanted } from './pictures';

test('pictures in base64 are bytes of their shape', () => {
  const found = decoded(btoa(String.fromCharCode(0, 255, 7, 9)), [1, 2, 1]);
  expect(found.shape).toEqual([2, 1, 2, 1]);
  expect(Array.from(found.data)).toEqual([0, 255, 7, 9]);
});

test('what a draw asks for is said, the most first', () => {
  const targets = { shape: [1, 2, 3], data: Float32Array.of(0, 1, 0, 0.25, 0, 0.75) };
  const found = { targets } as Augmented;
  expect(wanted(found, 0, 0, ['a', 'b', 'c'])).toBe('100 % b');
  expect(wanted(found, 0, 1, ['a', 'b', 'c'])).toBe('75 % c, 25 % a');
  expect(isMixed('75 % c, 25 % a')).toBe(true);
  expect(isMixed('100 % b')).toBe(false);
  expect(largestShare('75 % c, 25 % a')).toBe('75 %');
});

test('where no class is asked for nothing is said', () => {
  expect(wanted({ targets: null } as Augmented, 0, 0, ['a'])).toBe('');
});

test('a size is said with its colours', () => {
  expect(sizeOf([28, 28, 1])).toBe('28×28, grey');
  expect(sizeOf([64, 48, 3])).toBe('64×48, 3 channels');
});
