import { describe, expect, it } from 'vitest';
import { barsOf, curlCode, nested, numbersOf, pythonCode, testText, tokensOf } from './model';

describe('what is sent', () => {
  it('has words at the end of what is padded, unknown ones as such', () => {
    expect(tokensOf('A good xyz film', ['·', '…', 'good', 'film', 'a'], 6)).toEqual([
      0, 0, 4, 2, 1, 3,
    ]);
  });
  it('has letters in their order, the last that fit', () => {
    expect(tokensOf('abz\nA', ['a', 'b', '↵', '·'], 6)).toEqual([0, 1, 2, 0, 3, 3]);
    expect(tokensOf('abab', ['a', 'b'], 3)).toEqual([1, 0, 1]);
  });
  it('has numbers line by line, or none', () => {
    expect(numbersOf('1, 2\n3 4\n', 2, 2)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(numbersOf('1 2', 2, 2)).toBeNull();
    expect(numbersOf('1 x\n3 4', 2, 2)).toBeNull();
  });
  it('nests the pixels of a picture', () => {
    expect(nested([1, 2, 3, 4], [2, 2, 1])).toEqual([
      [[1], [2]],
      [[3], [4]],
    ]);
  });
});

describe('what is told', () => {
  it('has the likeliest first', () => {
    const answer = { outputs: [], classes: null, names: null, probabilities: [{ a: 0.2, b: 0.8 }] };
    expect(barsOf(answer, 1)).toEqual([{ name: 'b', share: 0.8 }]);
    expect(barsOf({ ...answer, probabilities: null }, 3)).toEqual([]);
  });
  it('is a program whose quotes hold', () => {
    const asked = { rows: [{ name: "O'Hara", age: null }] };
    expect(curlCode('http://x', 'd', 'k', asked)).toContain(`"O'\\''Hara"`);
    expect(pythonCode('http://x', 'd', 'k', asked)).toContain(`[{"name": "O'Hara", "age": None}]`);
  });
  it('says what the test said', () => {
    const test = { step: 1, time: 0, digest: '', count: 9 };
    expect(testText({ ...test, accuracy: 0.95, loss: 0.1234 })).toBe('95.0 % right, loss 0.123');
    expect(testText({ ...test, r2: 0.5, loss: 2 })).toBe('R² 0.500, loss 2.00');
  });
});
