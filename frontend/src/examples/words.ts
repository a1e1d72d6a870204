/** Examples and what layers make of them, in words. */

import { className } from '../pictures/colors';
import type { Form, Session } from '../types';

type Named = Pick<Session, 'form' | 'class_names'>;

/** What a class is called: of points by its colour, of all else by its name. */
export function classTitle(session: Named, index: number): string {
  return session.form === 'points'
    ? className(index)
    : (session.class_names[index] ?? String(index));
}

/** The same, where answers are tokens as these are written. */
export function answerTitle(
  session: Named & Pick<Session, 'vocabulary' | 'classes'>,
  index: number,
): string {
  const tokens = session.form === 'tokens' && session.vocabulary.length === session.classes;
  return tokens ? tokenText(session.vocabulary, index) : classTitle(session, index);
}

/** How a model of many characters may be written: a blank or a line's end is seen. */
export function tokenText(vocabulary: readonly string[], token: number): string {
  const text = vocabulary[token] ?? String(token);
  return TOKENS[text] ?? text;
}
const TOKENS: Record<string, string> = { ' ': '␣', '\n': '↵', '': '∅' };

/** "16 maps of 14×14", "64 units", "16 features over 50 steps". */
export function shapeWords(shape: readonly number[]): string {
  const units = shape.at(-1) ?? 1;
  if (shape.length > 2) return `${count(units, 'map')} of ${shape.slice(0, -1).join('×')}`;
  if (shape.length > 1) return `${count(units, 'feature')}, ${count(shape[0] ?? 0, 'step')}`;
  return count(units, 'unit');
}

/** What an example is: "28×28 pixels". */
export function inputWords(form: Form, shape: readonly number[]): string {
  const [first = 0, second = 1, third = 1] = shape;
  if (form === 'image') return `${first}×${second} pixels${third > 1 ? `, ${third} channels` : ''}`;
  if (form === 'sequence') return `${count(first, 'step')}, ${count(second, 'feature')}`;
  if (form === 'tokens') return count(first, 'token');
  if (form === 'table') return count(first, 'column');
  return '';
}

/** What one of a layer's outputs is called. */
export function unitNoun(shape: readonly number[]): string {
  return shape.length > 2 ? 'map' : shape.length > 1 ? 'feature' : 'unit';
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}
