// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from 'vitest';

const answers: Response[] = [];
let asked = 0;

const refused = (status: number, message: string) =>
  Response.json({ errors: [{ path: '', message }] }, { status });

const summary = (state: string) => Response.json({ id: 'a', state });

/** The sweep of a tab that has one, looked at. */
async function looked() {
  vi.stubGlobal('fetch', async (url: string) => {
    if (url.includes('surfaces')) return Response.json({ version: 1, surfaces: {} });
    asked += 1;
    const answer = answers.shift();
    if (!answer) throw new TypeError('nobody answers');
    return answer;
  });
  const { sweeps } = await import('./store.svelte');
  const leave = sweeps.watch();
  await vi.advanceTimersByTimeAsync(0);
  return { sweeps, leave, said: () => sweeps.problems.map(({ message }) => message).join(' ') };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.resetModules();
  sessionStorage.setItem('layerlab.sweep', '{"id": "a", "secret": "b"}');
  answers.length = asked = 0;
});

describe('the sweep of a tab', () => {
  it('is asked for again, ever more seldom, while the server cannot say anything of it', async () => {
    answers.push(
      summary('running'),
      refused(503, 'it is full; come again'),
      refused(503, 'it is full'),
    );
    const { sweeps, said } = await looked();
    expect(said()).toBe('');
    await vi.advanceTimersByTimeAsync(500);
    expect(said()).toMatch(/^It is full\. Trying again/);
    expect(sweeps.summary?.state).toBe('running');
    await vi.advanceTimersByTimeAsync(60_000); // nobody answers at all meanwhile
    expect(said()).toMatch(/reached\. Trying again/);
    expect(asked).toBeLessThan(12);
    answers.push(summary('running'), summary('done'));
    await vi.advanceTimersByTimeAsync(17_000);
    expect(said()).toBe('');
    expect(sweeps.summary?.state).toBe('done');
    const before = asked;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toBe(before);
  });

  it('is not asked for again where that is no use, nor when nobody looks', async () => {
    answers.push(refused(404, 'There is no such sweep.'));
    const { sweeps, said } = await looked();
    expect(said()).toBe('There is no such sweep.');
    expect(sweeps.summary).toBeNull();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toBe(1);

    vi.resetModules();
    sessionStorage.setItem('layerlab.sweep', '{"id": "a", "secret": "b"}');
    const { leave } = await looked();
    leave();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toBe(2);
  });
});
