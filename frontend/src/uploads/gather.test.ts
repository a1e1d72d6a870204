import { describe, expect, it } from 'vitest';
import { type Brought, chosen, endingOf, nameOf, sorted } from './gather';

const ENDINGS = ['.png', '.wav', '.csv'];

const brought = (...paths: string[]): Brought[] =>
  paths.map((path) => ({ path, file: new File(['x'], path.split('/').at(-1) ?? '') }));
const paths = (files: Brought[]) => files.map(({ path }) => path);

describe('what is brought', () => {
  it('keeps the folders of its classes, without the one that holds them all', () => {
    const files = brought('pets/dog/2.png', 'pets/cat/1.png', 'pets/cat/3.PNG');
    expect(paths(sorted(files, ENDINGS))).toEqual(['cat/1.png', 'cat/3.PNG', 'dog/2.png']);
    expect(nameOf(files)).toBe('pets.zip');
  });

  it('keeps a folder that is itself a class', () => {
    const two = brought('dog/2.png', 'cat/1.png');
    expect(paths(sorted(two, ENDINGS))).toEqual(['cat/1.png', 'dog/2.png']);
    expect(nameOf(two)).toBe('files.zip');
    const one = brought('cat/1.png', 'cat/2.png');
    expect(paths(sorted(one, ENDINGS))).toEqual(['cat/1.png', 'cat/2.png']);
  });

  it('leaves out of many files what nothing reads, and judges no single one', () => {
    const many = brought('a/.DS_Store', 'a/Thumbs.db', 'a/one.png', 'a/two.png');
    expect(paths(sorted(many, ENDINGS))).toEqual(['a/one.png', 'a/two.png']);
    expect(paths(sorted(brought('thesis.docx'), ENDINGS))).toEqual(['thesis.docx']);
  });

  it('tells a file by its name and its ending', () => {
    expect(nameOf(brought('Iris.CSV'))).toBe('Iris.CSV');
    expect(nameOf(brought('1.png', '2.png'))).toBe('files.zip');
    expect(endingOf('a.b/Iris.CSV')).toBe('.csv');
    expect(endingOf('a.b/README')).toBe('');
    expect(paths(chosen([new File([''], 'x.csv')]))).toEqual(['x.csv']);
  });
});
