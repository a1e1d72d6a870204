import { expect, it } from 'vitest';
import { barsOf, knownLetters, marksOf, textOf, tokenName, topOf } from './writing';

const VOCABULARY = ['a', 'b', 'c', '^', '$'];
const MARKS = { begin: 3, end: 4 };

it('reads the marks of a dataset, where it has them', () => {
  expect(marksOf({ 'x-marks': { begin: 3, end: 4 } })).toEqual(MARKS);
  expect(marksOf({})).toBeNull();
});

it('calls the marks by what they stand for', () => {
  expect([0, 3, 4].map((token) => tokenName(VOCABULARY, MARKS, token))).toEqual([
    'a',
    'start',
    'end',
  ]);
  expect(tokenName(VOCABULARY, null, 4)).toBe('$');
});

it('takes only letters that the vocabulary has, small ones for capitals, and not too many', () => {
  expect(knownLetters('A b^c$!', VOCABULARY, MARKS, 9)).toBe('abc');
  expect(knownLetters('abcabc', VOCABULARY, MARKS, 4)).toBe('abca');
});

it('cuts a text where it ends, and tells what was given from what was written', () => {
  expect(textOf([3, 0, 1, 2, 4, 4], 1, VOCABULARY, MARKS)).toEqual({
    given: 'a',
    drawn: 'bc',
    ended: true,
  });
  expect(textOf([3, 0, 1], 0, VOCABULARY, MARKS)).toEqual({ given: '', drawn: 'ab', ended: false });
});

it('shows the likeliest, by likelihood or by the alphabet', () => {
  const next = [0.1, 0.6, 0.3];
  const tokens = (sorted: boolean, most: number) =>
    barsOf(next, [0, 1, 0], sorted, most).map(({ token }) => token);
  expect(tokens(true, 3)).toEqual([1, 2, 0]);
  expect(tokens(false, 3)).toEqual([0, 1, 2]);
  expect(tokens(false, 2)).toEqual([1, 2]);
});

it('ends an axis at a round share', () => {
  expect([0.05, 0.2, 0.4, 0.9].map(topOf)).toEqual([0.1, 0.2, 0.5, 1]);
});
