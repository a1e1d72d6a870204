import { expect, it } from 'vitest';
import { classTitle, inputWords, shapeWords, tokenText } from './words';

it('says what a layer gives', () => {
  expect(shapeWords([26, 26, 8])).toBe('8 maps of 26×26');
  expect(shapeWords([7, 7, 1])).toBe('1 map of 7×7');
  expect(shapeWords([50, 16])).toBe('16 features, 50 steps');
  expect(shapeWords([1568])).toBe('1,568 units');
});

it('says what an example is', () => {
  expect(inputWords('image', [28, 28, 1])).toBe('28×28 pixels');
  expect(inputWords('image', [32, 32, 3])).toBe('32×32 pixels, 3 channels');
  expect(inputWords('sequence', [50, 2])).toBe('50 steps, 2 features');
  expect(inputWords('tokens', [12])).toBe('12 tokens');
});

it('calls classes of points by their colours and all others by their names', () => {
  expect(classTitle({ form: 'points', class_names: ['0', '1'] }, 1)).toBe('blue');
  expect(classTitle({ form: 'image', class_names: ['Bag', 'Ankle boot'] }, 1)).toBe('Ankle boot');
  expect(tokenText(['a', ' '], 1)).toBe('␣');
});
