import { readTab, writeTab } from '../state/storage';
import type { Problem } from '../types';
import { Refused } from '../wire/api';
import * as wire from './wire';

const EVERY_MS = 500;
const SELDOM_MS = 16_000;
const UNREACHED = 'The server cannot be reached.';
const KEY = 'sweep';

/** The sweep of this tab: asked for while somebody looks, and found again after a reload. */
class SweepStore {
  summary = $state.raw<wire.Summary | null>(null);
  surfaces = $state.raw<Map<number, wire.SurfaceBody>>(new Map());
  problems = $state.raw<Problem[]>([]);
  busy = $state(false);

  #known: { id: string; secret: string } | null = null;
  #version = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watching = false;
  #failed = 0; // how often in a row nobody could say anything of it

  constructor() {
    const known = readTab(KEY) as { id?: unknown; secret?: unknown } | undefined;
    if (typeof known?.id === 'string' && typeof known.secret === 'string')
      this.#known = { id: known.id, secret: known.secret };
  }

  /** Ask for it until told to stop. */
  watch(): () => void {
    this.#watching = true;
    void this.#ask();
    return () => {
      this.#watching = false;
      clearTimeout(this.#timer);
    };
  }

  begin(body: wire.SweepBody): Promise<void> {
    return this.#attempt(async () => {
      const { secret, ...summary } = await wire.begin(body);
      if (this.#known) void wire.forget(this.#known.id, this.#known.secret).catch(() => {});
      this.#remember({ id: summary.id, secret });
      this.summary = summary;
      this.#askSoon();
    });
  }

  cancel(): Promise<void> {
    return this.#act(wire.cancel);
  }

  resume(): Promise<void> {
    return this.#act(wire.resume);
  }

  /** Forget it, to choose another. */
  async forget(): Promise<void> {
    const known = this.#known;
    this.#remember(null);
    this.summary = null;
    this.problems = [];
    if (known) await wire.forget(known.id, known.secret).catch(() => {});
  }

  /** The address of a session of a run; null where there is none, which `problems` tell. */
  async open(run: number): Promise<string | null> {
    let address: string | null = null;
    await this.#attempt(async () => {
      if (!this.summary) return;
      const { id, secret } = await wire.open(this.summary.id, run);
      address = `#s=${encodeURIComponent(id)}&k=${encodeURIComponent(secret ?? '')}`;
    });
    return address;
  }

  #act(call: (id: string, secret: string) => Promise<wire.Summary>): Promise<void> {
    return this.#attempt(async () => {
      if (!this.#known) return;
      this.summary = await call(this.#known.id, this.#known.secret);
      this.#askSoon();
    });
  }

  async #attempt(act: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.problems = [];
    try {
      await act();
    } catch (error) {
      this.problems = problemsOf(error);
    }
    this.busy = false;
  }

  #remember(known: { id: string; secret: string } | null): void {
    this.#known = known;
    this.#version = 0;
    this.surfaces = new Map();
    writeTab(KEY, known);
  }

  #askSoon(): void {
    clearTimeout(this.#timer);
    if (!this.#watching) return;
    const wait = Math.min(SELDOM_MS, EVERY_MS * 2 ** this.#failed);
    this.#timer = setTimeout(() => void this.#ask(), wait);
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer);
    const known = this.#known;
    if (!known) return;
    try {
      const summary = await wire.read(known.id);
      const newer = await wire.surfaces(known.id, this.#version);
      if (known !== this.#known) return;
      this.summary = summary;
      this.#draw(newer);
      if (this.#failed) this.problems = [];
      this.#failed = 0;
      if (summary.state === 'running') this.#askSoon();
    } catch (error) {
      if (known !== this.#known) return;
      this.problems = problemsOf(error);
      if (passes(error)) this.#askLater();
      else if (isOf(error, [404, 410])) this.#gone();
    }
  }

  /** Each time it fails, after twice as long. */
  #askLater(): void {
    this.#failed += 1;
    this.problems = [{ path: '', message: `${whatOf(this.problems)} Trying again.` }];
    this.#askSoon();
  }

  #gone(): void {
    this.#remember(null);
    this.summary = null;
  }

  #draw(newer: { version: number; surfaces: Record<string, wire.SurfaceBody> }): void {
    this.#version = newer.version;
    const drawn = Object.entries(newer.surfaces);
    if (!drawn.length) return;
    const all = new Map(this.surfaces);
    for (const [run, surface] of drawn) all.set(Number(run), surface);
    this.surfaces = all;
  }
}

/** What is wrong, in a sentence; what to do about it is done by itself. */
function whatOf([problem]: Problem[]): string {
  const [what = ''] = (problem?.message ?? '').split(';');
  return `${what.charAt(0).toUpperCase()}${what.slice(1).replace(/\.$/, '')}.`;
}

const isOf = (error: unknown, statuses: number[]): boolean =>
  error instanceof Refused && statuses.includes(error.status);

/** Whether it may be otherwise in a while: nobody answered, or not what was asked. */
const passes = (error: unknown): boolean =>
  !(error instanceof Refused) || error.status === 429 || error.status >= 500;

function problemsOf(error: unknown): Problem[] {
  if (error instanceof Refused) return error.problems;
  return [{ path: '', message: UNREACHED }];
}

export const sweeps = new SweepStore();
