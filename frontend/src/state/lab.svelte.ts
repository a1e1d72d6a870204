import { SvelteSet } from 'svelte/reactivity';
import { defaultOf } from '../forms/schema';
import { pins } from '../runs/pins.svelte';
import type {
  Command,
  Curve,
  Experiment,
  Frame,
  Json,
  KindValue,
  Lab,
  Patch,
  Points,
  Problem,
  RunLog,
  Schema,
  Score,
  Session,
  Spotlight,
  ViewRequest,
  ViewSettings,
  WeightRef,
} from '../types';
import { type About, DEFAULT_VIEW, readAddress, viewFrom, writeAddress } from '../wire/address';
import * as api from '../wire/api';
import type { ServerMessage } from '../wire/decode';
import { hiddenBy, readShared } from '../wire/shared';
import { Live } from '../wire/socket';
import { readVisit, type Visit, writeVisit } from '../wire/visit';
import { CurveStore, type Recorded } from './curve';
import { Edits } from './edits';
import { Picked } from './example.svelte';
import { merge } from './patch';
import { Seeker } from './seeker';
import {
  type Expected,
  isPlaceOf,
  preference,
  rememberedSession,
  rememberSession,
} from './storage';
import { History, type Step } from './undo';
import { ViewRequests } from './views';

const FPS = 30;
const FPS_UNSEEN = 1;
const ADDRESS_PAUSE_MS = 400;
/** A link's run is done again when it is opened, if it has no more steps than this. */
const AT_ONCE = 100_000;

/** Whether the person last left training running; null: they have not said. */
const wishesPlay = preference<boolean>(
  'playing',
  !matchMedia('(prefers-reduced-motion: reduce)').matches,
);
/** Epochs per second; null is as fast as it goes. */
const wishedSpeed = preference<number | null>('speed', null);
const FIRST_SPEED = 30; // slow enough to watch the first second of learning

/** What an address asks for. opened: by a link, and as it was saved. */
interface Wanted {
  experiment: Patch;
  view: Partial<ViewSettings>;
  notes: string[];
  about: About | null;
  opened: boolean;
}

interface Waiting {
  patch: Patch;
  settle: ((ok: boolean) => void)[];
  after: Experiment;
}

/** The page's one store: what the server says, and the only way to say something to it. */
export class LabStore implements Lab {
  session = $state.raw<Session | null>(null);
  schema = $state.raw<Schema | null>(null);
  datasets = $state.raw<api.DatasetCard[]>([]);
  frame = $state.raw<Frame | null>(null);
  points = $state.raw<Points | null>(null);
  curveVersion = $state(0);
  connection = $state<'connecting' | 'open' | 'lost'>('connecting');
  problems = $state.raw<Problem[]>([]);
  notes = $state.raw<string[]>([]);
  canUndo = $state(false);
  canRedo = $state(false);
  view = $state<ViewSettings>(structuredClone(DEFAULT_VIEW));
  spotlight = $state.raw<Spotlight>(null);
  readonly example = new Picked();
  drawClass = $state<number | null>(null);
  /** The session's and the frames' word on these, whichever came last. */
  playing = $state(false);
  status = $state<Session['status']>('paused');
  message = $state<string | null>(null);
  heading = $state<number | null>(null);
  /** Whether this run, done again, came to what its log says; null where there is no telling. */
  reproduced = $state<boolean | null>(null);
  /** What the run came to that this session does again; null where it does none. */
  expected = $state.raw<Expected | null>(null);
  /** How this page takes part in a session that it has not begun; null: it is its own. */
  visit = $state<'watching' | 'acting' | 'ended' | null>(null);
  /** What the server did last at this page's word. */
  lastAction = $state.raw<Command | null>(null);
  /** Title and notes of what was opened. */
  about = $state.raw<About | null>(null);
  /** A link whose data this server does not have: its fragment, and its file's digest. */
  missing = $state.raw<{ hash: string; file: string } | null>(null);
  /** The link that the page was opened by. */
  readonly shared = readShared();

  #told = new SvelteSet<Problem>();
  #curve = new CurveStore();
  #history = new History();
  #edits = new Edits(async (edit) => {
    if (!(await this.command(edit))) this.#history.refuseEdit(edit);
    this.#showUndo();
  });
  #requests = new ViewRequests(() => this.#live?.ask());
  #seeker = new Seeker(
    (step) => this.command({ kind: 'seek', step }),
    () => {
      this.heading = null;
    },
  );
  #live: Live | null = null;
  #truth: Session | null = null; // the server's last word, without what is still on its way
  #sending: Waiting | null = null;
  #waiting: Waiting | null = null;
  /** What a change led to, as far as this page knows, that the network may have followed. */
  #unsettled: Experiment | null = null;
  #newest: (Frame & { kind: 'frame' }) | null = null;
  #step = 0;
  #goneInARow = 0;
  #openings = 0;
  #end = 0; // of the run, when the session last said
  #following = false; // on the way to what a link leads to
  #opened = ''; // the fragment that would say what the page's path says already
  #known = ''; // the fragment we put into the address, or are following
  #addressTimer: ReturnType<typeof setTimeout> | undefined;

  /** The experiment as the server said it last, without what is still on its way to it. */
  get said(): Experiment | null {
    return this.session && (this.#truth?.experiment ?? null);
  }

  get curve(): Curve {
    return this.#curve;
  }

  // -- beginning ---------------------------------------------------------------------------

  /** Find the session of this tab again, or make the one that the address asks for. */
  async start(): Promise<void> {
    void this.#loadRegistries();
    addEventListener('hashchange', this.#onHash);
    addEventListener('pagehide', this.#leaving);
    document.addEventListener('visibilitychange', this.#onVisibility);
    this.#known = location.hash;
    if (!(await this.#resume())) await this.#open(location.hash);
  }

  stop(): void {
    clearTimeout(this.#addressTimer);
    removeEventListener('hashchange', this.#onHash);
    removeEventListener('pagehide', this.#leaving);
    document.removeEventListener('visibilitychange', this.#onVisibility);
    this.#live?.close();
  }

  async #loadRegistries(): Promise<void> {
    await Promise.all([
      api.getSchema().then((schema) => {
        this.schema = schema;
      }),
      api.getDatasets().then((datasets) => {
        this.datasets = datasets;
      }),
    ]).catch((error) => this.#complain(error));
  }

  async #resume(): Promise<boolean> {
    const known = rememberedSession();
    if (!known || !isPlaceOf(known, place()) || readVisit(location.hash)) return false;
    const session = await api.getSession(known.id).catch(() => null);
    if (!session) return false;
    const { view, about, opened } = await this.#wanted(new URL(known.place, location.href).hash);
    this.#setView(view);
    this.about = about;
    this.expected = known.expected ?? null;
    this.#curve.recall(this.#knownCurve(known.expected?.digest));
    this.#attach({ ...session, secret: known.secret }, opened);
    return true;
  }

  /** The curve of the run that came to these weights, if the page has it from elsewhere. */
  #knownCurve(digest: string | null | undefined): Recorded | null {
    if (!digest) return null;
    const { moment } = this.shared ?? {};
    return moment?.digest === digest
      ? moment.curve
      : (pins.runs.find(({ log }) => log?.digest === digest) ?? null);
  }

  /** An address that came after this one wins, however long either takes. */
  async #open(hash: string): Promise<void> {
    const opening = ++this.#openings;
    const visit = readVisit(hash);
    let wanted: Wanted | null = null;
    try {
      if (visit) return await this.#join(visit);
      wanted = await this.#wanted(hash);
      if (opening !== this.#openings) return;
      this.#setView(wanted.view);
      this.about = wanted.about;
      this.notes = wanted.notes;
      // what a link shows waits for its reader
      const play = !wanted.opened && wishesPlay.get() && !this.view.hide.playButton;
      await this.#begin(wanted, play);
    } catch (error) {
      if (opening !== this.#openings) return;
      const file = wanted && missingFile(error, wanted.experiment);
      if (file) return await this.#without(hash, file);
      this.#complain(error);
      if (error instanceof api.Refused && hash) await this.#open('');
    }
  }

  /** The usual experiment, until somebody brings the file of the link. */
  async #without(hash: string, file: string): Promise<void> {
    this.missing = { hash, file };
    this.about = null;
    await this.#create({ experiment: {} }, false).catch((error) => this.#complain(error));
  }

  /** Once more to the link whose data were missing. */
  openMissing(): void {
    const { missing } = this;
    this.missing = null;
    if (missing) void this.#open(missing.hash);
  }

  /** The run of the link that was opened, else the experiment that the address asks for. */
  async #begin({ experiment, opened }: Wanted, play: boolean): Promise<void> {
    const log = opened ? this.shared?.log : null;
    try {
      if (log && log.step <= AT_ONCE) {
        await this.#create({ log }, false, true);
        this.#curve.recall(this.shared?.moment?.curve ?? null);
        return;
      }
    } catch (error) {
      if (!(error instanceof api.Refused)) throw error; // the run cannot have been
    }
    await this.#create({ experiment }, play, opened);
  }

  async #wanted(hash: string): Promise<Wanted> {
    const address = readAddress(hash);
    const about = this.shared?.about ?? null;
    const wanted = { experiment: {}, view: {}, notes: [], about, opened: false };
    if (address.kind === 'experiment')
      return { ...wanted, ...address, about: address.about ?? about };
    if (address.kind === 'broken') return { ...wanted, notes: [address.message] };
    if (address.kind === 'empty')
      return { ...wanted, ...this.shared, opened: Boolean(this.shared?.id) };
    const { experiment, view } = await api.translate(address.query);
    const notes = Array.isArray(view.notes) ? view.notes.map(String) : [];
    return { ...wanted, experiment, view: viewFrom(view), notes };
  }

  /** Go to a session that others began: to act in it with its secret, else to look on. */
  async #join({ id, secret }: Visit): Promise<void> {
    const opening = this.#openings;
    const known = rememberedSession();
    const session = await api.joinSession(id, secret ?? (known?.id === id ? known.secret : null));
    if (opening !== this.#openings) return;
    this.#leave();
    this.visit = session.secret ? 'acting' : 'watching';
    this.expected = null;
    this.#attach(session, false);
  }

  /** A session of one's own from the experiment of the one that is visited. */
  async takeCopy(): Promise<void> {
    this.#openings++;
    try {
      await this.#create({ experiment: this.session?.experiment ?? {} }, wishesPlay.get());
    } catch (error) {
      this.#complain(error);
    }
  }

  /**
   * Do a run again, in a session that takes the place of this one.
   * curve: how it went, as far as that is known.
   */
  async replay(log: RunLog, curve: Recorded | null): Promise<boolean> {
    this.#openings++;
    try {
      await this.#create({ log }, false, log === this.shared?.log);
      this.#curve.recall(curve);
      return true;
    } catch (error) {
      this.#complain(error);
      return false;
    }
  }

  async #create(begin: api.Beginning, play: boolean, opened = false): Promise<void> {
    const opening = this.#openings;
    const session = await api.createSession(begin);
    if (opening !== this.#openings) {
      if (session.secret) void api.deleteSession(session.id, session.secret).catch(() => {});
      return;
    }
    this.#leave();
    this.expected = 'log' in begin ? expectedOf(begin.log) : null;
    this.#attach(session, opened);
    void this.command({ kind: 'speed', epochs_per_second: this.wishedSpeed });
    if (play) void this.command({ kind: 'play' });
  }

  /** Away from the session at hand; with it ends what this page began. */
  #leave(): void {
    const old = this.session;
    this.#live?.close();
    if (old?.secret && !this.visit) void api.deleteSession(old.id, old.secret).catch(() => {});
    this.visit = null;
    this.#truth = null;
    this.#history.clear();
    this.#showUndo();
    this.frame = null;
    this.points = null;
    this.spotlight = null;
    this.example.reset();
    this.#curve.recall(null);
    this.lastAction = null;
  }

  #attach(session: Session, opened: boolean): void {
    this.#following = opened;
    this.#takeSession(session);
    this.#writeAddress();
    this.#live = new Live({
      id: session.id,
      secret: session.secret ?? null,
      asked: () => ({
        views: document.hidden ? [] : this.#requests.list(),
        fps: document.hidden ? FPS_UNSEEN : FPS,
      }),
      onMessage: (message) => this.#take(message),
      onConnection: (state) => {
        if (state === 'open' && this.connection === 'lost') this.problems = [];
        if (state === 'open') this.#goneInARow = 0;
        this.connection = state;
      },
      onGone: (reason) => void this.#again(reason),
      onComplaint: (problem) => {
        this.problems = [problem];
      },
    });
  }

  /** The server forgot the session (idle, or restarted): go on from the last experiment. */
  async #again(reason: string): Promise<void> {
    if (this.visit) {
      this.visit = 'ended';
      return;
    }
    this.connection = 'lost';
    const last = this.session;
    if (!last || ++this.#goneInARow > 3) {
      this.problems = [
        { path: '', message: `${reason || 'The session is gone.'} Reload the page.` },
      ];
      return;
    }
    this.session = { ...last, secret: undefined };
    try {
      const { experiment } = last;
      await this.#create({ experiment }, wishesPlay.get() && !this.view.hide.playButton);
      this.problems = [];
      this.notes = [
        'The server had let go of this session; it begins again from the same experiment.',
      ];
    } catch (error) {
      this.#complain(error);
    }
  }

  // -- what the server says ----------------------------------------------------------------

  #take(message: ServerMessage): void {
    if (message.kind === 'session') this.#takeSession(message.session);
    else if (message.kind === 'data') this.points = message;
    else if (message.kind === 'history')
      this.#takeCurve(() => this.#curve.replace(message.columns, message.rows));
    else if (message.kind === 'frame') this.#takeFrame(message);
  }

  #takeSession(said: Session): void {
    const secret = said.secret ?? this.#truth?.secret;
    if (`${said.input_shape}` !== `${this.#truth?.input_shape}`) this.example.reset();
    this.#truth = { ...said, ...(secret ? { secret } : {}) };
    this.#settle(said.experiment);
    if (this.#following) this.#follow(said);
    this.#echo();
    this.#takeMoment(said);
    this.reproduced = said.reproduced ?? null;
    this.#end = said.end;
    this.#curve.cut(said.end);
    this.#writeAddressSoon();
  }

  /** To take another dataset back is to take back what followed it, too. */
  #settle(experiment: Experiment): void {
    const after = this.#unsettled;
    if (!after || after.data.dataset.kind !== experiment.data.dataset.kind) return;
    this.#unsettled = null;
    this.#history.correct(after, experiment);
  }

  /** What a link leads to: the page's path says it already, until the reader does something. */
  #follow({ experiment, status }: Session): void {
    this.#opened = writeAddress(experiment, $state.snapshot(this.view));
    const underWay = status === 'seeking' || status === 'compiling';
    this.#following = underWay && Boolean(this.shared?.log);
  }

  /** Show the server's word with what is on its way to it already applied. */
  #echo(): void {
    if (!this.#truth) return;
    let experiment = json(this.#truth.experiment);
    for (const one of [this.#sending, this.#waiting])
      if (one) experiment = merge(experiment, one.patch);
    this.session = { ...this.#truth, experiment: experiment as unknown as Experiment };
  }

  #takeMoment(moment: Pick<Session, 'playing' | 'status' | 'message' | 'step'>): void {
    this.playing = moment.playing;
    this.status = moment.status;
    this.message = moment.message;
    if (moment.step === 0 && this.#step > 0) {
      this.#history.forgetEdits();
      this.#showUndo();
    }
    this.#step = moment.step;
  }

  #takeCurve(change: () => void): void {
    change();
    if (!this.#newest) requestAnimationFrame(() => this.curveVersion++);
  }

  /** At most one frame reaches the page per frame of the screen: the newest. */
  #takeFrame(frame: Frame & { kind: 'frame'; rows: Parameters<CurveStore['append']>[0] }): void {
    this.#curve.append(frame.rows);
    this.#takeMoment(frame);
    if (frame.end !== this.#end) this.reproduced = null; // it has gone on, or another way
    this.#curve.cut(frame.end);
    if (!this.#newest) requestAnimationFrame(() => this.#showFrame());
    this.#newest = frame;
  }

  #showFrame(): void {
    const frame = this.#newest;
    this.#newest = null;
    if (!frame) return;
    // before the first look a frame has no scores and no views
    const metrics = frame.metrics ?? this.frame?.metrics ?? NO_SCORES;
    this.frame = { ...frame, metrics, views: frame.views ?? {} };
    this.curveVersion++;
    this.#seeker.show(frame);
  }

  // -- asking ------------------------------------------------------------------------------

  want(view: ViewRequest): () => void {
    return this.#requests.want(view);
  }

  async command(command: Command): Promise<boolean> {
    if (!this.#live || !this.#mayAct()) return false;
    if (command.kind === 'patch') return this.patch(command.experiment);
    this.#send(); // what was dragged before it must arrive before it
    const reply = await this.#live.command(command);
    if (reply.ok) this.lastAction = command;
    else this.problems = reply.errors;
    return reply.ok;
  }

  /** Whoever looks on is told so, and what would let them act. */
  #mayAct(): boolean {
    if (this.visit === null || this.visit === 'acting') return true;
    const message =
      this.visit === 'ended'
        ? 'This session has ended; take a copy to go on from its experiment.'
        : 'You are watching somebody else’s session; take a copy to try things yourself.';
    this.problems = [{ path: '', message }];
    return false;
  }

  patch(patch: Patch, label = ''): Promise<boolean> {
    const before = this.session?.experiment;
    if (!before || !this.#mayAct()) return Promise.resolve(false);
    const after = merge(json(before), patch) as unknown as Experiment;
    this.#history.record(before, after, patch, label, performance.now());
    this.#showUndo();
    return this.#queue(patch, after);
  }

  edit(ref: WeightRef, value: number, before: number): void {
    this.#history.recordEdit(ref, before, value, performance.now());
    this.#showUndo();
    void this.#edits.set(ref, value);
  }

  setLayers(layers: KindValue[], label = 'layers'): Promise<boolean> {
    return this.patch({ network: { layers } }, label);
  }

  undo(): void {
    this.#travel(this.#history.undo());
  }

  redo(): void {
    this.#travel(this.#history.redo());
  }

  #travel(step: Step | undefined): void {
    this.#showUndo();
    const now = this.session?.experiment;
    if (!step || !now) return;
    if ('ref' in step) void this.#edits.set(step.ref, step.value);
    else void this.#queue(step.patch, merge(json(now), step.patch) as unknown as Experiment);
  }

  /** One patch is under way at a time; what is dragged meanwhile becomes one next patch. */
  /** Whether a change is on its way: the session may be another than the one that is shown. */
  get changing(): boolean {
    return this.#sending !== null;
  }

  #queue(patch: Patch, after: Experiment): Promise<boolean> {
    return new Promise((settle) => {
      const waiting = this.#waiting;
      this.#waiting = {
        patch: waiting ? merge(waiting.patch, patch) : patch,
        settle: [...(waiting?.settle ?? []), settle],
        after,
      };
      this.#echo();
      if (!this.#sending) this.#send();
    });
  }

  #send(): void {
    const sent = this.#waiting;
    if (!sent || !this.#live) return;
    this.#waiting = null;
    this.#sending = sent;
    this.#unsettled = isFollowed(sent.patch) ? sent.after : null;
    void this.#live.command({ kind: 'patch', experiment: sent.patch }).then(({ ok, errors }) => {
      if (this.#sending === sent) this.#sending = null;
      this.problems = ok ? [] : errors;
      if (ok) this.lastAction = { kind: 'patch', experiment: sent.patch };
      else this.#takeBack(sent.after);
      for (const settle of sent.settle) settle(ok);
      if (!this.#sending) this.#send();
    });
  }

  #takeBack(refused: Experiment): void {
    if (this.#truth) this.#history.correct(refused, this.#truth.experiment);
    this.#showUndo();
    this.#echo();
  }

  /** What no field on the screen tells of. */
  get untold(): Problem[] {
    return this.problems.filter((problem) => !this.#told.has(problem));
  }

  tell(problem: Problem): () => void {
    this.#told.add(problem);
    return () => this.#told.delete(problem);
  }

  dismissProblems(): void {
    this.problems = [];
  }

  #complain(error: unknown): void {
    if (error instanceof api.Refused) {
      this.problems = error.problems.map(ofTheWhole);
      return;
    }
    const lost = 'The server cannot be reached; reload the page when it is back.';
    this.problems = [{ path: '', message: lost }];
    console.error(error);
  }

  #showUndo(): void {
    this.canUndo = this.#history.canUndo;
    this.canRedo = this.#history.canRedo;
  }

  // -- what a person does to time ----------------------------------------------------------

  play(): Promise<boolean> {
    wishesPlay.set(true);
    return this.command({ kind: 'play' });
  }

  pause(): Promise<boolean> {
    wishesPlay.set(false);
    return this.command({ kind: 'pause' });
  }

  seek(step: number): void {
    if (!this.#mayAct()) return;
    this.heading = step;
    void this.#seeker.to(step);
  }

  get wishedSpeed(): number | null {
    const wish = wishedSpeed.get();
    return wish === null ? FIRST_SPEED : wish === 0 ? null : wish;
  }

  /** Epochs per second; null is as fast as it goes. */
  setSpeed(speed: number | null): Promise<boolean> {
    wishedSpeed.set(speed ?? 0);
    return this.command({ kind: 'speed', epochs_per_second: speed });
  }

  /** A field's default, by the schema: `defaultAt('training', 'loss')`. */
  defaultAt(...path: string[]): Json | undefined {
    return this.schema ? defaultOf(this.schema, path) : undefined;
  }

  // -- the address -------------------------------------------------------------------------

  #setView(view: Partial<ViewSettings>): void {
    const { hide, ...flags } = hiddenBy(location.search);
    Object.assign(this.view, structuredClone(DEFAULT_VIEW), view, flags);
    Object.assign(this.view.hide, hide);
  }

  /** An address, on any server, of what is on the screen now, with these words about it. */
  portable(about: About | null): string {
    const experiment = this.#truth?.experiment;
    const view = $state.snapshot(this.view);
    return `${location.origin}/${experiment ? writeAddress(experiment, view, about) : ''}`;
  }

  /** Called by an effect of the page whenever a view setting changed. */
  rememberView(): void {
    this.#writeAddressSoon();
  }

  #writeAddressSoon(): void {
    clearTimeout(this.#addressTimer);
    this.#addressTimer = setTimeout(() => this.#writeAddress(), ADDRESS_PAUSE_MS);
  }

  /** before: the address that a reload under way may lead to. */
  #writeAddress(before?: string): void {
    clearTimeout(this.#addressTimer);
    this.#addressTimer = undefined;
    const session = this.#truth;
    if (!session) return;
    if (location.hash !== this.#known) return; // put there by hand: its event is on its way
    // the words of a link stand in the page that its path names
    const about = this.shared?.id ? null : this.about;
    const whole = writeAddress(session.experiment, $state.snapshot(this.view), about);
    const own = whole === this.#opened ? '' : whole;
    // the secret is remembered instead, so that who copies the address passes on no more than a look
    const hash = this.visit ? writeVisit({ id: session.id, secret: null }) : own;
    const path = this.shared?.id === '' ? '/' : location.pathname; // of no link: leave it
    if (hash !== location.hash)
      history.replaceState(history.state, '', path + location.search + hash);
    this.#known = location.hash;
    const { id, secret } = session;
    const { expected } = this;
    if (secret)
      rememberSession({ id, secret, place: place(), ...(before && { before }), expected });
  }

  /** The page is left: what waits for its turn has none later. */
  #leaving = (): void => {
    this.#send();
    this.#edits.flush();
    if (this.#addressTimer !== undefined) this.#writeAddress(place());
  };

  /** Another address was put into the bar: that is another experiment. */
  #onHash = (): void => {
    if (location.hash === this.#known) return;
    this.#known = location.hash;
    clearTimeout(this.#addressTimer);
    this.#addressTimer = undefined;
    this.problems = [];
    void this.#open(location.hash);
  };

  #onVisibility = (): void => this.#live?.ask();
}

/** Refused as a whole, as an address is: no field on the screen holds what was wrong. */
const ofTheWhole = ({ path, message }: Problem): Problem => {
  const field = path.replace(/^\/experiment\/?/, '');
  return { path: '', message: field ? `${field}: ${message}` : message };
};

/** The digest of the file that an experiment was refused for, as this server does not have it. */
function missingFile(error: unknown, { data }: Patch): string | null {
  if (!(error instanceof api.Refused)) return null;
  if (!error.problems.some(({ path }) => path.endsWith('/data/dataset/file'))) return null;
  const { dataset } = (data ?? {}) as { dataset?: { file?: Json } };
  return typeof dataset?.file === 'string' ? dataset.file : null;
}

/** Whether networks follow a change: another dataset, a generator that comes or goes. */
const isFollowed = ({ data, generator }: Patch): boolean =>
  (typeof data === 'object' && data !== null && 'dataset' in data) ||
  generator === null ||
  (typeof generator === 'object' && generator !== null && !Object.keys(generator).length);

const NO_SCORES: { train: Score; validation: null; test: null } = {
  train: { loss: Number.NaN },
  validation: null,
  test: null,
};

const place = () => location.pathname + location.search + location.hash;

const expectedOf = ({ digest, platform }: RunLog): Expected => ({ digest, platform });

const json = (experiment: Experiment) => experiment as unknown as { [key: string]: Json };
