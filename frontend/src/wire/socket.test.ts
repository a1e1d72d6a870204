// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Problem, ViewRequest } from '../types';
import type { ServerMessage } from './decode';
import { FakeSockets } from './fake';
import { Live, pause } from './socket';

const reply = (seq: number, ok = true) => ({ kind: 'reply', seq, ok, errors: [] });

function scene() {
  const sockets = new FakeSockets();
  const messages: ServerMessage[] = [];
  const states: string[] = [];
  const gone: string[] = [];
  const complaints: Problem[] = [];
  let views: ViewRequest[] = [{ kind: 'surface', size: 50 }];
  const live = new Live({
    id: 'a b',
    secret: 'hush',
    asked: () => ({ views, fps: 30 }),
    onMessage: (message) => messages.push(message),
    onConnection: (state) => states.push(state),
    onGone: (reason) => gone.push(reason),
    onComplaint: (problem) => complaints.push(problem),
    connect: sockets.connect,
    random: () => 0,
  });
  return {
    sockets,
    messages,
    states,
    gone,
    complaints,
    live,
    ask: (next: ViewRequest[]) => {
      views = next;
      live.ask();
    },
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the live socket', () => {
  it('says hello first, the secret in the message and not in the address', () => {
    const { sockets } = scene();
    sockets.last.open();
    expect(sockets.last.url).toMatch(/^wss?:\/\/.*\/api\/v1\/sessions\/a%20b\/live$/);
    expect(sockets.last.sent).toEqual([
      { kind: 'hello', secret: 'hush', views: [{ kind: 'surface', size: 50 }], fps: 30 },
    ]);
  });

  it('pairs replies with commands, in whatever order they come', async () => {
    const { sockets, live } = scene();
    sockets.last.open();
    const first = live.command({ kind: 'play' });
    const second = live.command({ kind: 'pause' });
    const [a, b] = sockets.last.commands;
    sockets.last.say({ ...reply(b?.seq ?? 0, false), errors: [{ path: '/x', message: 'no' }] });
    sockets.last.say(reply(a?.seq ?? 0));
    expect(await first).toEqual({ ok: true, errors: [] });
    expect(await second).toEqual({ ok: false, errors: [{ path: '/x', message: 'no' }] });
  });

  it('keeps what is said before the socket is open, after the hello', () => {
    const { sockets, live } = scene();
    void live.command({ kind: 'play' });
    expect(sockets.last.sent).toEqual([]);
    sockets.last.open();
    expect(sockets.last.sent.map(({ kind }) => kind)).toEqual(['hello', 'command']);
  });

  it('does not wait for an answer for ever', async () => {
    const { sockets, live } = scene();
    sockets.last.open();
    const answer = live.command({ kind: 'play' });
    vi.advanceTimersByTime(60_000);
    expect(await answer).toMatchObject({ ok: false, errors: [{ message: /did not answer/ }] });
  });

  it('comes back after longer and longer pauses, with what is asked for by then', async () => {
    const { sockets, states, live, ask } = scene();
    sockets.last.open();
    const unanswered = live.command({ kind: 'play' });
    sockets.last.drop();
    expect((await unanswered).ok).toBe(false);
    expect(states.at(-1)).toBe('lost');
    ask([{ kind: 'weights' }]);
    for (const attempt of [0, 1, 2]) {
      vi.advanceTimersByTime(pause(attempt, 0) - 1);
      expect(sockets.opened.length).toBe(attempt + 1);
      vi.advanceTimersByTime(1);
      expect(sockets.opened.length).toBe(attempt + 2);
      if (attempt < 2) sockets.last.drop();
    }
    sockets.last.open();
    expect(sockets.last.sent[0]).toMatchObject({ kind: 'hello', views: [{ kind: 'weights' }] });
    sockets.last.say({ kind: 'session', session: { id: 'a b' } });
    expect(states.at(-1)).toBe('open');
  });

  it('refuses commands at once while the connection is down', async () => {
    const { sockets, live } = scene();
    sockets.last.open();
    sockets.last.drop();
    expect(await live.command({ kind: 'play' })).toMatchObject({
      ok: false,
      errors: [{ message: /connection/ }],
    });
  });

  it('tries at once when the network is back', () => {
    const { sockets } = scene();
    sockets.last.open();
    sockets.last.drop();
    globalThis.dispatchEvent(new Event('online'));
    expect(sockets.opened.length).toBe(2);
    vi.advanceTimersByTime(100_000);
    expect(sockets.opened.length).toBe(2);
  });

  it.each([4401, 4404])('gives up where the session is gone (%i)', (code) => {
    const { sockets, gone } = scene();
    sockets.last.open();
    sockets.last.drop(code, 'because');
    vi.advanceTimersByTime(100_000);
    expect(gone).toEqual(['because']);
    expect(sockets.opened.length).toBe(1);
  });

  it('passes on what the server complains about, and tries again', () => {
    const { sockets, complaints } = scene();
    sockets.last.open();
    sockets.last.drop(1013, 'the server is full');
    expect(complaints).toEqual([{ path: '', message: 'the server is full' }]);
    vi.advanceTimersByTime(pause(0, 0));
    expect(sockets.opened.length).toBe(2);
  });

  it('stays closed when it is closed', () => {
    const { sockets, live } = scene();
    sockets.last.open();
    live.close();
    sockets.last.drop();
    vi.advanceTimersByTime(100_000);
    expect(sockets.opened.length).toBe(1);
  });
});

it('pauses double up to a limit, and chance shortens them by at most half', () => {
  expect(pause(1, 0)).toBe(2 * pause(0, 0));
  expect(pause(40, 0)).toBe(pause(41, 0));
  expect(pause(3, 1)).toBe(pause(3, 0) / 2);
});
