import { expect, it } from 'vitest';
import { ViewRequests } from './views';

const settled = () => new Promise<void>((done) => queueMicrotask(done));

it('asks once for all that were wanted together, and not again for the same', async () => {
  const asked: unknown[] = [];
  const requests = new ViewRequests(() => asked.push(requests.list()));
  const drop = requests.want({ kind: 'surface', size: 50 });
  requests.want({ kind: 'units', size: 20 });
  await settled();
  expect(asked).toEqual([
    [
      { kind: 'surface', size: 50 },
      { kind: 'units', size: 20 },
    ],
  ]);
  const again = requests.want({ kind: 'surface', size: 50 });
  drop();
  drop();
  await settled();
  expect(asked.length).toBe(1);
  again();
  await settled();
  expect(asked.at(-1)).toEqual([{ kind: 'units', size: 20 }]);
});

it('asks for one of each kind, as the last who came wants it', () => {
  const requests = new ViewRequests(() => {});
  requests.want({ kind: 'surface', size: 50 });
  const drop = requests.want({ kind: 'surface', size: 100 });
  expect(requests.list()).toEqual([{ kind: 'surface', size: 100 }]);
  drop();
  expect(requests.list()).toEqual([{ kind: 'surface', size: 50 }]);
});
