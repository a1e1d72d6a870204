import { expect, it } from 'vitest';
import { Edits } from './edits';

const ref = { layer: 0, param: 'w' as const, index: [0, 1] };

it('sends the newest value only, and nothing twice at once', async () => {
  const sent: number[] = [];
  const doors: (() => void)[] = [];
  const edits = new Edits((edit) => {
    sent.push(edit.value);
    return new Promise<void>((resolve) => doors.push(resolve));
  });
  const done = edits.set(ref, 1);
  void edits.set(ref, 2);
  void edits.set(ref, 3);
  expect(sent).toEqual([1]);
  doors[0]?.();
  await Promise.resolve();
  expect(sent).toEqual([1, 3]);
  doors[1]?.();
  await done;
  expect(sent).toEqual([1, 3]);
});

it('sends all that waits when there is no later', () => {
  const sent: number[] = [];
  const edits = new Edits((edit) => {
    sent.push(edit.value);
    return new Promise(() => {});
  });
  void edits.set(ref, 1);
  void edits.set(ref, 2);
  void edits.set({ ...ref, layer: 1 }, 3);
  edits.flush();
  expect(sent).toEqual([1, 2, 3]);
});

it('keeps edits of different weights apart', async () => {
  const sent: string[] = [];
  const edits = new Edits(async (edit) => {
    sent.push(`${edit.param}${edit.index}`);
  });
  const done = edits.set(ref, 1);
  void edits.set({ layer: 0, param: 'b', index: [1] }, 2);
  void edits.set({ layer: 0, param: 'w', index: [1, 1] }, 2);
  await done;
  expect(sent).toEqual(['w0,1', 'b1', 'w1,1']);
});
