/** What the server notes of a file, in words, and what can be done about it at once. */

import type { Note, Reading } from './wire';

const LONG = 40; // letters of a name in a sentence

/** `Row 7, column age: …` */
export function noteText({ row, column, message }: Note): string {
  const where = [
    ...(row === null ? [] : [`Row ${row.toLocaleString('en')}`]),
    ...(column === null ? [] : [`${row === null ? 'Column' : 'column'} ${elided(column, LONG)}`]),
  ].join(', ');
  return where ? `${where}: ${message}` : message.charAt(0).toUpperCase() + message.slice(1);
}

/** A long name by its ends, as those tell most. */
export function elided(name: string, most: number): string {
  if (name.length <= most) return name;
  const end = Math.floor(most / 3);
  return `${name.slice(0, most - end - 1)}…${name.slice(name.length - end)}`;
}

export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(bytes < 1e4 ? 1 : 0)} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

/** How a file may be read otherwise than it is guessed to be. */
export const READINGS: Record<keyof Reading, { title: string; values: Record<string, string> }> = {
  encoding: {
    title: 'Encoding',
    values: { 'utf-8': 'UTF-8', 'utf-16': 'UTF-16', 'windows-1252': 'Windows-1252' },
  },
  header: {
    title: 'First row',
    values: { yes: 'The columns’ names', no: 'Values already' },
  },
  format: {
    title: 'What it is',
    values: { table: 'A table', text: 'A text', pictures: 'Pictures', recordings: 'Recordings' },
  },
};

export interface Mend {
  title: string;
  reading: Reading;
}

/** Other ways of reading that a note's sentence names as its mend. */
export function mendsOf({ message }: Note, now: Reading): Mend[] {
  const named = message.toLowerCase();
  const read = /\bread\b.*/.exec(named)?.[0] ?? '';
  const encodings = Object.entries(READINGS.encoding.values)
    .filter(([value]) => read.includes(value) && now.encoding !== value)
    .map(([encoding, title]) => ({ title: `Read it as ${title}`, reading: { encoding } }));
  const headers = [
    { title: 'The first row are the names', reading: { header: 'yes' } },
    { title: 'There is no header', reading: { header: 'no' } },
  ].filter(({ reading }) => named.includes('header') && now.header !== reading.header);
  return [...encodings, ...headers];
}
