import { describe, expect, it } from 'vitest';
import { pasted, tableIn } from './paste';

describe('what is pasted', () => {
  it.each([
    ['cells of a spreadsheet', 'age\tsex\n22\tmale\n\tfemale\n', 'pasted.tsv'],
    ['lines with commas', 'age,sex\r\n22,male\r\n31,female', 'pasted.csv'],
    ['lines with semicolons', 'age;sex\n22,5;male\n31;female', 'pasted.csv'],
    ['a row that is too long', `a,b\n${'1,2\n'.repeat(6)}1,2,3\n`, 'pasted.csv'],
  ])('is a table: %s', async (_, text, name) => {
    const file = tableIn(text);
    expect(file?.name).toBe(name);
    expect(await file?.text()).toBe(text);
  });

  it.each([
    ['nothing', ''],
    ['a word', 'spiral'],
    ['one line', 'a,b,c'],
    ['an address', 'http://127.0.0.1/#x=a,b'],
    ['lines of one cell', '1\n2\n3'],
    ['prose', 'Dear all,\nof the rows, many are missing, as we said,\nand so on.\nYours'],
  ])('is no table: %s', (_, text) => {
    expect(tableIn(text)).toBeNull();
  });

  it('is one where a person says so', () => {
    expect(pasted('1\n2').name).toBe('pasted.csv');
    expect(pasted('1\t2').name).toBe('pasted.tsv');
  });
});
