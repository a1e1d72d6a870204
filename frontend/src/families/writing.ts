/** Texts that a network writes token by token, and what it might write next. */

import { tokenText } from '../examples/words';
import type { Schema } from '../types';

/** The tokens that begin and end a text. */
export interface Marks {
  begin: number;
  end: number;
}

/** As a dataset's schema says them; null where its texts have none. */
export function marksOf(node: Schema): Marks | null {
  const marks = node['x-marks'];
  if (typeof marks !== 'object' || marks === null || Array.isArray(marks)) return null;
  return { begin: Number(marks.begin), end: Number(marks.end) };
}

/** How a token is called: its letter, or what it stands for. */
export function tokenName(
  vocabulary: readonly string[],
  marks: Marks | null,
  token: number,
): string {
  if (token === marks?.begin) return 'start';
  if (token === marks?.end) return 'end';
  return tokenText(vocabulary, token);
}

/** What of a text a person may have the network begin with: at most `most` known letters. */
export function knownLetters(
  text: string,
  vocabulary: readonly string[],
  marks: Marks | null,
  most: number,
): string {
  const known = new Set(
    vocabulary.filter((_, token) => token !== marks?.begin && token !== marks?.end),
  );
  const kept = [...text].map((letter) => (known.has(letter) ? letter : letter.toLowerCase()));
  return kept
    .filter((letter) => known.has(letter))
    .slice(0, Math.max(0, most))
    .join('');
}

export interface Text {
  /** What it was told to begin with, and what it wrote. */
  given: string;
  drawn: string;
  /** Whether it came to an end by itself. */
  ended: boolean;
}

/** A text (time) of tokens: without the marks, cut where it ends. `given`: letters it began with. */
export function textOf(
  tokens: ArrayLike<number>,
  given: number,
  vocabulary: readonly string[],
  marks: Marks | null,
): Text {
  const all = Array.from(tokens).slice(marks ? 1 : 0);
  const end = marks ? all.indexOf(marks.end) : -1;
  const letters = (end < 0 ? all : all.slice(0, end)).map((token) => vocabulary[token] ?? '');
  return {
    given: letters.slice(0, given).join(''),
    drawn: letters.slice(given).join(''),
    ended: end >= 0,
  };
}

export interface Bar {
  token: number;
  /** How likely it is, and how likely it is to be drawn. */
  next: number;
  kept: number;
}

/** A bar a token, in the vocabulary's order or the likeliest first; of many only the likeliest. */
export function barsOf(
  next: ArrayLike<number>,
  kept: ArrayLike<number>,
  sorted: boolean,
  most: number,
): Bar[] {
  const all = Array.from(next, (value, token) => ({ token, next: value, kept: kept[token] ?? 0 }));
  const likeliest = [...all].sort((a, b) => b.next - a.next).slice(0, most);
  return sorted ? likeliest : likeliest.sort((a, b) => a.token - b.token);
}

/** The top of an axis from 0 for shares up to `most`: a round one, not moved by every frame. */
export function topOf(most: number): number {
  return [0.1, 0.2, 0.5].find((top) => most <= top) ?? 1;
}
