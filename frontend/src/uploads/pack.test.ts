import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { packed } from './pack';

const file = (path: string, bytes: Uint8Array<ArrayBuffer>) => ({
  path,
  file: new File([bytes], path),
});
const large = Uint8Array.from({ length: 700_000 }, (_, i) => (i * 7) % 251);
const files = [
  file('cat/ein Bild.png', large),
  file('dog/ø.png', new Uint8Array([1, 2, 3])),
  file('dog/empty.png', new Uint8Array()),
];

describe('a packed folder', () => {
  it('holds every file as it was, under its path, and tells how far it is', async () => {
    const told: number[] = [];
    const { signal } = new AbortController();
    const zip = await packed(files, { signal, onprogress: (bytes) => told.push(bytes) });
    const inside = unzipSync(new Uint8Array(await zip.arrayBuffer()));
    expect(Object.keys(inside)).toEqual(files.map(({ path }) => path));
    expect(inside['cat/ein Bild.png']).toEqual(large);
    expect(inside['dog/empty.png']?.length).toBe(0);
    expect(told.at(-1)).toBe(700_003);
    expect(told.length).toBeGreaterThan(4); // of pieces, between which a frame may be drawn
  });

  it('is the same to the byte whenever it is packed', async () => {
    const { signal } = new AbortController();
    const bytes = async () =>
      new Uint8Array(await (await packed(files, { signal, onprogress() {} })).arrayBuffer());
    expect(await bytes()).toEqual(await bytes());
  });

  it('is left off when it is called off', async () => {
    const off = new AbortController();
    const onprogress = () => off.abort(new Error('called off'));
    await expect(packed(files, { signal: off.signal, onprogress })).rejects.toThrow('called off');
  });
});
