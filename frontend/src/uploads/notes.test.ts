import { describe, expect, it } from 'vitest';
import { elided, mendsOf, noteText, sizeText } from './notes';

const note = (message: string, row: number | null = null, column: string | null = null) => ({
  row,
  column,
  message,
});

describe('a note', () => {
  it('says where it is', () => {
    expect(noteText(note('it has 3 cells', 7, 'age'))).toBe('Row 7, column age: it has 3 cells');
    expect(noteText(note('it has 3 cells', 120000))).toBe('Row 120,000: it has 3 cells');
    expect(noteText(note('no value is known', null, 'age'))).toBe('Column age: no value is known');
    expect(noteText(note('there are no rows'))).toBe('There are no rows');
  });

  it('names a long column by its ends', () => {
    const name = '<script>alert(1)</script>'.padEnd(200, 'x');
    const text = noteText(note('it is empty', null, name));
    expect(text).toMatch(/^Column <script>alert\(1\)<\/script>.*…x+: it is empty$/);
    expect(text.length).toBeLessThan(70);
    expect(elided('short.csv', 20)).toBe('short.csv');
    expect(elided('a'.repeat(50), 20)).toHaveLength(20);
  });

  it('is mended by what its sentence names', () => {
    const titles = (message: string, now = {}) =>
      mendsOf(note(message), now).map((one) => one.title);
    expect(titles('it is not UTF-8; save it as UTF-8, or read it as windows-1252')).toEqual([
      'Read it as Windows-1252',
    ]);
    expect(titles('read it as windows-1252', { encoding: 'windows-1252' })).toEqual([]);
    expect(titles('two columns are called 1; say that there is no header')).toHaveLength(2);
    expect(titles('it has 3 cells where the header has 4', { header: 'yes' })).toEqual([
      'There is no header',
    ]);
    expect(titles('no value is known')).toEqual([]);
  });

  it('tells sizes in few letters', () => {
    expect([0, 1, 2048, 50_000_000].map(sizeText)).toEqual([
      '0 bytes',
      '1 byte',
      '2.0 kB',
      '50 MB',
    ]);
  });
});
