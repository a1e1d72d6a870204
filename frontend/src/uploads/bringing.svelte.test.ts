import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Refused } from '../wire/api';
import { Bringing, MOST_BYTES } from './bringing.svelte';
import { FakeUploads, upload } from './fake';
import { type Brought, nameOf } from './gather';

const file = (name: string, text = 'a,b\n1,2\n') => ({ path: name, file: new File([text], name) });

let server: FakeUploads;
let bringing: Bringing;
const at = () => bringing.stage.at;
const failure = () => (bringing.stage.at === 'failed' ? bringing.stage : null);

beforeEach(() => {
  server = new FakeUploads();
  bringing = new Bringing(server, 1);
});

/** Begin, and wait until the server reads. */
async function reading() {
  const going = bring(file('iris.csv'));
  await vi.waitUntil(() => at() === 'reading');
  return going;
}

const bring = (...files: Brought[]) => bringing.bring(files, nameOf(files));

describe('a file on its way', () => {
  it('is sent, read and there', async () => {
    server.now = upload({ status: 'reading', progress: 0.4, doing: 'row 120' });
    const going = bring(file('iris.csv'));
    await vi.waitUntil(() => at() === 'reading');
    expect(bringing.stage).toEqual({ at: 'reading', share: 0.4, doing: 'row 120' });
    server.now = upload();
    await going;
    expect(bringing.stage).toEqual({ at: 'done', upload: upload() });
    expect(server.sent).toEqual([{ name: 'iris.csv', text: 'a,b\n1,2\n', reading: {} }]);
  });

  it('is packed if it is many', async () => {
    server.now = upload();
    await bring(file('cat/1.png'), file('dog/2.png'));
    expect(at()).toBe('done');
    expect(server.sent[0]?.name).toBe('files.zip');
    expect(server.sent[0]?.text).toMatch(/^PK/);
  });

  it('is called off while it is read, and nothing is kept of it', async () => {
    const going = reading();
    await vi.waitUntil(() => at() === 'reading');
    bringing.cancel();
    await going;
    expect(at()).toBe('empty');
    expect(server.forgotten).toEqual(['u1']);
  });

  it('is called off while it is sent', async () => {
    server.now = upload();
    server.onsend = () => bringing.cancel();
    await bring(file('iris.csv'));
    expect(at()).toBe('empty');
    expect(server.forgotten).toEqual(['u1']);
  });

  it('makes room for the next one', async () => {
    const first = reading();
    await vi.waitUntil(() => at() === 'reading');
    server.now = upload({ id: 'u2' });
    await Promise.all([first, bring(file('other.csv'))]);
    expect(bringing.name).toBe('other.csv');
    expect(at()).toBe('done');
    expect(server.forgotten).toEqual(['u1']);
  });

  it('fails by what the server notes, and is read again otherwise', async () => {
    const error = { row: 7, column: 'age', message: 'it is not UTF-8' };
    server.now = upload({ status: 'failed', error });
    await bring(file('iris.csv'));
    expect(failure()?.note).toEqual(error);
    server.now = upload();
    await bringing.again({ encoding: 'windows-1252' });
    expect(at()).toBe('done');
    await bringing.again({ header: 'no' });
    expect(server.sent.map(({ reading }) => reading)).toEqual([
      {},
      { encoding: 'windows-1252' },
      { encoding: 'windows-1252', header: 'no' },
    ]);
  });

  it('is refused in the words of the server', async () => {
    server.refusing = new Refused(422, [{ path: '/name', message: 'Nothing reads .docx.' }]);
    await bring(file('thesis.docx'));
    expect(failure()).toMatchObject({ note: { message: 'Nothing reads .docx.' }, again: false });
  });

  it('may be tried again where the server is not there', async () => {
    server.refusing = new TypeError('fetch');
    await bring(file('iris.csv'));
    expect(failure()?.again).toBe(true);
    server.now = upload();
    await bringing.again();
    expect(at()).toBe('done');
  });

  it('outlives a moment without the server', async () => {
    const going = reading();
    await vi.waitUntil(() => at() === 'reading');
    server.refusing = new TypeError('fetch');
    server.now = upload();
    await going;
    expect(at()).toBe('done');
  });

  it.each([
    ['too large', [{ path: 'big.csv', file: { name: 'big.csv', size: MOST_BYTES + 1 } as File }]],
    ['empty', [file('none.csv', '')]],
    ['nothing', []],
  ])('is not sent where that is of no use: %s', async (_, files) => {
    await bring(...files);
    expect(at()).toBe('failed');
    expect(server.sent).toEqual([]);
  });
});
