import { afterEach, expect, it, vi } from 'vitest';
import { deployments } from './store.svelte';

afterEach(() => vi.unstubAllGlobals());

const answer = (body: unknown) =>
  new Response(JSON.stringify(body), { headers: { 'Content-Type': 'application/json' } });

it('keeps what was deployed while an earlier question was on its way', async () => {
  let late = (_: Response) => {};
  const list = new Promise<Response>((resolve) => {
    late = resolve;
  });
  const model = { id: 'm', title: 'A model' };
  vi.stubGlobal('fetch', (_: string, init?: RequestInit) =>
    init?.method === 'POST' ? Promise.resolve(answer({ ...model, key: 'k' })) : list,
  );
  const asked = deployments.ask('s');
  await deployments.make('s', 'secret', 'A model');
  late(answer([]));
  await asked;
  expect(deployments.list.map(({ id }) => id)).toEqual(['m']);
});
