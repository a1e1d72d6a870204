// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Json, Patch, RunLog, Session } from '../types';
import { DEFAULT_VIEW, readAddress, writeAddress } from '../wire/address';
import { FakeSockets } from '../wire/fake';
import { LabStore } from './lab.svelte';
import { merge } from './patch';

const EXPERIMENT = {
  data: { dataset: { kind: 'circle' }, features: ['x', 'y'] },
  network: { layers: [{ kind: 'dense', units: 4 }] },
  training: { learning_rate: 0.03, l1: 0, optimizer: { kind: 'sgd' } },
  seed: 0,
};

/** A server that knows sessions and merge patches, and refuses learning rates above 100. */
class FakeServer {
  sockets = new FakeSockets();
  sessions = new Map<string, Session>();
  deleted: string[] = [];
  patches: Patch[] = [];
  logs: RunLog[] = [];
  holding = false;
  #held: (() => void)[] = [];

  fetch = async (path: string, { method = 'GET', body = '' as string | null } = {}) => {
    const answer = this.#answer(method, path, body);
    return new Response(answer === undefined ? null : JSON.stringify(answer ?? {}), {
      status: answer === null ? 404 : answer === undefined ? 204 : 200,
    });
  };

  #answer(method: string, path: string, body: string | null): unknown {
    const id = path.split('/').at(-1) ?? '';
    if (method === 'POST') return this.begin(JSON.parse(body ?? '{}'));
    if (method === 'DELETE') return void this.deleted.push(id);
    if (path.includes('/tf-playground?'))
      return {
        experiment: { seed: 9 },
        view: {
          discretize: true,
          show_test_data: false,
          hide: { noise: true },
          notes: ['A note.'],
        },
      };
    if (path.includes('/sessions/')) return this.sessions.get(id) ?? null;
    return path.endsWith('/datasets') ? [] : {};
  }

  begin({ experiment, log }: { experiment?: Patch; log?: RunLog }): Session {
    if (!log) return this.create(experiment ?? {});
    this.logs.push(log);
    const session = this.create(log.experiment as unknown as Patch);
    return Object.assign(session, { status: 'seeking' });
  }

  create(experiment: Patch): Session {
    const id = `s${this.sessions.size}`;
    const session = {
      id,
      secret: `secret of ${id}`,
      experiment: merge(EXPERIMENT as Json, experiment),
      playing: false,
      status: 'paused',
      message: null,
      speed: null,
    } as unknown as Session;
    this.sessions.set(id, session);
    return session;
  }

  /** Take the newest socket: open it and answer what the page says. */
  accept(): Session {
    const socket = this.sockets.last;
    const id = socket.url.split('/').at(-2) ?? '';
    socket.receive = (message) => {
      if (message.kind !== 'command') return;
      const act = () => this.#act(id, message as never);
      if (this.holding) this.#held.push(act);
      else act();
    };
    socket.open();
    this.#say(id);
    return this.sessions.get(id) as Session;
  }

  release(): void {
    this.holding = false;
    for (const act of this.#held.splice(0)) act();
  }

  #say(id: string): void {
    const { secret: _, ...session } = this.sessions.get(id) as Session;
    this.sockets.last.say({ kind: 'session', session });
  }

  #act(id: string, { seq, command }: { seq: number; command: Record<string, Json> }): void {
    const session = this.sessions.get(id) as Session;
    let errors: Json[] = [];
    if (command.kind === 'patch') {
      const patch = command.experiment as Patch;
      this.patches.push(patch);
      const experiment = merge(session.experiment as unknown as Json, patch) as never;
      const rate = (experiment as typeof EXPERIMENT).training.learning_rate;
      if (rate > 100)
        errors = [{ path: '/experiment/training/learning_rate', message: 'too large' }];
      else session.experiment = experiment;
    }
    if (command.kind === 'play' || command.kind === 'pause')
      session.playing = command.kind === 'play';
    this.#say(id);
    this.sockets.last.say({ kind: 'reply', seq, ok: errors.length === 0, errors });
  }
}

let server: FakeServer;
let lab: LabStore;

beforeEach(() => {
  server = new FakeServer();
  sessionStorage.clear();
  localStorage.clear();
  history.replaceState(null, '', '/');
  vi.stubGlobal('fetch', server.fetch);
  const { connect } = server.sockets;
  const Fake = Object.assign(
    function FakeWebSocket(url: string) {
      return connect(url);
    },
    { CONNECTING: 0, OPEN: 1, CLOSED: 3 },
  );
  vi.stubGlobal('WebSocket', Fake);
  lab = new LabStore();
});

afterEach(() => {
  lab.stop();
  vi.unstubAllGlobals();
});

async function started(): Promise<void> {
  await lab.start();
  server.accept();
}

const rate = () => lab.session?.experiment.training.learning_rate;
const drag = (learning_rate: number) => lab.patch({ training: { learning_rate } });
const commands = () => server.sockets.last.commands.map(({ command }) => command.kind);

describe('beginning', () => {
  it('makes the default session, plays it, and keeps its link in the address', async () => {
    await started();
    expect(lab.connection).toBe('open');
    expect(commands()).toEqual(['speed', 'play']);
    const address = readAddress(location.hash);
    expect(address).toMatchObject({ kind: 'experiment', experiment: EXPERIMENT });
  });

  it('stays paused for who left it paused', async () => {
    await started();
    await lab.pause();
    lab.stop();
    history.replaceState(null, '', '/');
    lab = new LabStore();
    await started();
    expect(commands()).toEqual(['speed']);
  });

  it('finds its session again after a reload, and only its own', async () => {
    await started();
    lab.stop();
    lab = new LabStore();
    await started();
    expect(server.sessions.size).toBe(1);
    expect(server.sockets.last.sent[0]).toMatchObject({ secret: 'secret of s0' });
    expect(commands()).toEqual([]);
    lab.stop();
    history.replaceState(null, '', '/');
    lab = new LabStore();
    await started();
    expect(server.sessions.size).toBe(2);
  });

  it('waits for the file of a link whose data the server does not have', async () => {
    const dataset = { kind: 'own_table', file: 'f'.repeat(64) };
    let known = false;
    vi.stubGlobal('fetch', async (path: string, request: { body?: string } = {}) => {
      if (known || !request.body?.includes(dataset.file)) return server.fetch(path, request);
      const errors = [{ path: '/experiment/data/dataset/file', message: 'it is not here' }];
      return Response.json({ errors }, { status: 422 });
    });
    const experiment = { ...EXPERIMENT, data: { ...EXPERIMENT.data, dataset } } as never;
    history.replaceState(null, '', `/${writeAddress(experiment, structuredClone(DEFAULT_VIEW))}`);
    await started();
    expect(lab.missing?.file).toBe(dataset.file);
    expect(lab.session?.experiment.data.dataset.kind).toBe('circle');
    expect(lab.problems).toEqual([]);
    known = true;
    lab.openMissing();
    await vi.waitUntil(() => lab.session?.experiment.data.dataset.kind === 'own_table');
    expect(lab.missing).toBeNull();
  });

  describe('left before the address has told of the last change', () => {
    const leave = async () => {
      await started();
      const before = location.hash;
      await drag(0.1);
      lab.view.discretize = true;
      lab.rememberView();
      dispatchEvent(new Event('pagehide'));
      expect(location.hash).not.toBe(before);
      lab.stop();
      history.replaceState(null, '', before); // where a reload leads that was under way by then
      lab = new LabStore();
    };
    const how = (type: string) =>
      vi.spyOn(performance, 'getEntriesByType').mockReturnValue([{ type } as never]);
    afterEach(() => {
      vi.restoreAllMocks();
    });

    it('is found again by a reload, as it was seen', async () => {
      await leave();
      how('reload');
      await started();
      expect(server.sessions.size).toBe(1);
      expect(rate()).toBe(0.1);
      expect(lab.view.discretize).toBe(true);
      expect(readAddress(location.hash)).toMatchObject({ view: { discretize: true } });
    });

    it('is not what who goes to the address before it wants', async () => {
      await leave();
      how('navigate');
      await started();
      expect(server.sessions.size).toBe(2);
      expect(rate()).toBe(0.03);
    });
  });

  it('takes the experiment and the view of a playground address', async () => {
    history.replaceState(null, '', '/#activation=relu');
    await started();
    expect(lab.session?.experiment.seed).toBe(9);
    expect(lab.view).toMatchObject({ discretize: true, hide: { noise: true } });
    expect(lab.notes).toEqual(['A note.']);
    expect(readAddress(location.hash)).toMatchObject({ view: { discretize: true } });
  });

  it('follows the address when another is put there', async () => {
    await started();
    location.hash = '#activation=relu';
    await vi.waitFor(() => expect(lab.session?.id).toBe('s1'));
    expect(server.deleted).toEqual(['s0']);
  });

  describe('at the page of a link', () => {
    const put = (said: object) => {
      document.body.innerHTML = `<script id="shared" type="application/json">${JSON.stringify(said)}</script>`;
    };
    const openAt = async (place: string) => {
      lab.stop();
      history.replaceState(null, '', place);
      lab = new LabStore();
      await started();
    };
    afterEach(() => {
      document.body.innerHTML = '';
      history.replaceState(null, '', '/');
    });

    it('waits with what the link carries, and the address stays short', async () => {
      put({ id: 'abc', experiment: { seed: 5 }, title: 'T', view: { discretize: true } });
      await openAt('/e/abc?noise_hide=true');
      expect(commands()).toEqual(['speed']);
      expect(lab.session?.experiment.seed).toBe(5);
      expect(lab.about).toEqual({ title: 'T', notes: '' });
      expect(lab.view).toMatchObject({ discretize: true, hide: { noise: true } });
      expect([location.pathname, location.search, location.hash]).toEqual([
        '/e/abc',
        '?noise_hide=true',
        '',
      ]);
    });

    it('does the run again that leads to its moment, and the address stays short', async () => {
      const moment = { step: 9, digest: 'd', platform: 'p' };
      const log = [{ step: 3, command: { kind: 'patch', experiment: { seed: 6 } } }];
      put({ id: 'abc', experiment: { seed: 5 }, moment, log });
      await openAt('/e/abc');
      expect(server.logs).toMatchObject([
        { step: 9, digest: 'd', entries: [{ kind: 'changed', step: 3, patch: { seed: 6 } }] },
      ]);
      const session = [...server.sessions.values()].at(-1);
      const there = { ...session, experiment: { seed: 6 }, status: 'paused', reproduced: true };
      server.sockets.last.say({ kind: 'session', session: there });
      await vi.waitFor(() => expect(lab.session?.reproduced).toBe(true));
      expect(lab.expected).toEqual({ digest: 'd', platform: 'p' });
      dispatchEvent(new Event('pagehide')); // what the address has to say is said at once
      expect(location.hash).toBe('');
      await openAt('/e/abc');
      expect(server.logs).toHaveLength(1);
      expect(lab.expected).toEqual({ digest: 'd', platform: 'p' });
    });

    it('finds its session again after a reload, and no other link does', async () => {
      put({ id: 'abc', experiment: { seed: 5 } });
      await openAt('/e/abc');
      const sessions = server.sessions.size;
      await openAt('/e/abc');
      expect(server.sessions.size).toBe(sessions);
      expect(location.hash).toBe('');
      put({ id: 'def', experiment: { seed: 6 } });
      await openAt('/e/def');
      expect(lab.session?.experiment.seed).toBe(6);
    });

    it('tells in the address what has been changed, and keeps the words', async () => {
      put({ id: 'abc', experiment: { seed: 5 }, title: 'T' });
      await openAt('/e/abc');
      await drag(0.1);
      server.sockets.last.say({ kind: 'session', session: [...server.sessions.values()].at(-1) });
      await vi.waitFor(() => expect(location.hash).toMatch(/^#x=/));
      const { hash } = location;
      await openAt(`/e/abc${hash}`);
      expect(rate()).toBe(0.1);
      expect(lab.about?.title).toBe('T');
    });

    it('says so where there is no such link, and is the playground', async () => {
      put({ error: 'There is no such link.' });
      await openAt('/e/abc');
      expect(lab.notes).toEqual(['There is no such link.']);
      expect(location.pathname).toBe('/');
      expect(rate()).toBe(0.03);
    });
  });

  it('opens a portable link with its words, and keeps them in the address', async () => {
    await started();
    const about = { title: 'T', notes: 'N' };
    const link = new URL(lab.portable(about));
    expect(link.pathname).toBe('/');
    location.hash = link.hash;
    await vi.waitFor(() => expect(lab.about).toEqual(about));
    await vi.waitFor(() => expect(readAddress(location.hash)).toMatchObject({ about }));
  });

  it('writes over no address that it has not followed yet', async () => {
    await started();
    location.hash = '#activation=relu';
    dispatchEvent(new Event('pagehide'));
    expect(location.hash).toBe('#activation=relu');
    await vi.waitFor(() => expect(lab.session?.id).toBe('s1'));
  });

  it('says so when the link was cut off, and begins with the default', async () => {
    history.replaceState(null, '', '/#x=eyJ');
    await started();
    expect(lab.notes[0]).toMatch(/whole experiment/);
    expect(rate()).toBe(0.03);
  });

  it('goes on from the last experiment when the server forgot the session', async () => {
    await started();
    await drag(0.3);
    server.sockets.last.drop(4404, 'no such session');
    await vi.waitFor(() => expect(lab.session?.id).toBe('s1'));
    server.accept();
    expect(rate()).toBe(0.3);
    expect(lab.connection).toBe('open');
  });
});

describe('patches', () => {
  it('that wait for another go out when the page is left', async () => {
    await started();
    server.holding = true;
    for (const value of [0.1, 0.2, 0.3]) void drag(value);
    dispatchEvent(new Event('pagehide'));
    server.release();
    expect(server.patches.map(({ training }) => training)).toEqual([
      { learning_rate: 0.1 },
      { learning_rate: 0.3 },
    ]);
  });

  it('show at once, travel one at a time, and the rest of a drag as one', async () => {
    await started();
    server.holding = true;
    const all = [0.1, 0.2, 0.3, 0.4].map(drag);
    expect(rate()).toBe(0.4);
    server.release();
    expect(await Promise.all(all)).toEqual([true, true, true, true]);
    expect(server.patches.map(({ training }) => training)).toEqual([
      { learning_rate: 0.1 },
      { learning_rate: 0.4 },
    ]);
    expect(rate()).toBe(0.4);
  });

  it('under way are not undone on the screen by older words of the server', async () => {
    await started();
    server.holding = true;
    const first = drag(0.1);
    const second = drag(0.2);
    const { secret: _, ...old } = server.sessions.get('s0') as Session;
    server.sockets.last.say({ kind: 'session', session: old });
    expect(rate()).toBe(0.2);
    server.release();
    await Promise.all([first, second]);
    expect(rate()).toBe(0.2);
  });

  it('go out before the command that follows them', async () => {
    await started();
    server.holding = true;
    void drag(0.1);
    void drag(0.2);
    void lab.command({ kind: 'reset' });
    expect(commands().slice(2)).toEqual(['patch', 'patch', 'reset']);
    server.release();
  });

  it('that are refused are taken back, with the reason, and leave no step to undo', async () => {
    await started();
    expect(await drag(500)).toBe(false);
    expect(rate()).toBe(0.03);
    expect(lab.problems).toEqual([
      { path: '/experiment/training/learning_rate', message: 'too large' },
    ]);
    expect(lab.canUndo).toBe(false);
    expect(await drag(0.1)).toBe(true);
    expect(lab.problems).toEqual([]);
  });

  it('that a field tells of the page need not tell', async () => {
    await started();
    await drag(500);
    const [problem] = lab.problems;
    const silent = problem && lab.tell(problem);
    expect(lab.untold).toEqual([]);
    silent?.();
    expect(lab.untold).toEqual([problem]);
    lab.dismissProblems();
    expect(lab.problems).toEqual([]);
  });

  it('can be undone and redone', async () => {
    await started();
    await drag(0.1);
    await lab.setLayers([]);
    expect(lab.canUndo).toBe(true);
    lab.undo();
    expect(lab.session?.experiment.network.layers).toEqual(EXPERIMENT.network.layers);
    lab.undo();
    expect(rate()).toBe(0.03);
    expect(lab.canUndo).toBe(false);
    lab.redo();
    lab.redo();
    expect(lab.session?.experiment.network.layers).toEqual([]);
    await vi.waitFor(() =>
      expect(server.sessions.get('s0')?.experiment).toMatchObject({
        training: { learning_rate: 0.1 },
        network: { layers: [] },
      }),
    );
  });
});

describe('weights set by hand', () => {
  const ref = { layer: 0, param: 'b' as const, index: [1] };
  const edits = () =>
    server.sockets.last.commands
      .filter(({ command }) => command.kind === 'edit')
      .map(({ command }) => command.value);

  it('are undone and redone in their turn', async () => {
    await started();
    lab.edit(ref, 0.5, 0.1);
    await drag(0.3);
    lab.undo();
    expect(rate()).toBe(0.03);
    lab.undo();
    expect(lab.canUndo).toBe(false);
    await vi.waitFor(() => expect(edits()).toEqual([0.5, 0.1]));
    lab.redo();
    await vi.waitFor(() => expect(edits()).toEqual([0.5, 0.1, 0.5]));
  });

  it('are no steps back once training has begun anew', async () => {
    await started();
    lab.edit(ref, 0.5, 0.1);
    const { secret: _, ...session } = server.sessions.get('s0') as Session;
    server.sockets.last.say({ kind: 'session', session: { ...session, step: 7 } });
    expect(lab.canUndo).toBe(true);
    server.sockets.last.say({ kind: 'session', session: { ...session, step: 0 } });
    expect(lab.canUndo).toBe(false);
  });
});

describe('frames', () => {
  const rows = {
    dtype: 'f4',
    shape: [1, 2],
    data: new Uint8Array(new Float32Array([5, 0.5]).buffer),
  };
  const frame = { kind: 'frame', playing: true, status: 'playing', message: null, rows, views: {} };

  it('reach the page one a screen frame, the newest; their curves all', async () => {
    await started();
    const paints: FrameRequestCallback[] = [];
    vi.stubGlobal('requestAnimationFrame', (paint: FrameRequestCallback) => paints.push(paint));
    const history = { ...rows, shape: [0, 2], data: new Uint8Array() };
    server.sockets.last.say({ kind: 'history', columns: ['step', 'train_loss'], rows: history });
    const metrics = { train: { loss: 0.5 }, validation: null, test: null };
    server.sockets.last.say({ ...frame, step: 5, metrics });
    server.sockets.last.say({ ...frame, step: 6, rows: history, metrics });
    expect(lab.frame).toBeNull();
    expect(lab.playing).toBe(true);
    for (const paint of paints) paint(0);
    expect(lab.frame).toMatchObject({ step: 6, metrics });
    expect(lab.curve.rows.length).toBe(1);
  });

  it('without scores keep the last ones', async () => {
    await started();
    server.sockets.last.say({ ...frame, step: 1 });
    await vi.waitFor(() => expect(lab.frame?.step).toBe(1));
    expect(lab.frame?.metrics.train.loss).toBeNaN();
    expect(lab.frame?.views).toEqual({});
  });
});
