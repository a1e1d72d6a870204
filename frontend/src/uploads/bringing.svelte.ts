import { Refused } from '../wire/api';
import { type Brought, sizeOf } from './gather';
import { sizeText } from './notes';
import { packed } from './pack';
import { type Note, type Reading, server, type Upload, type Wire } from './wire';

export const MOST_BYTES = 50_000_000;
const LOOK_MS = 250;
const TRIES = 4; // to ask about a file before the server counts as gone

/** How far a file has come. */
export type Stage =
  | { at: 'empty' }
  | { at: 'packing' | 'sending'; done: number; total: number }
  | { at: 'reading'; share: number; doing: string | null }
  /** again: whether the same may go better another time. */
  | { at: 'failed'; note: Note; again: boolean }
  | { at: 'done'; upload: Upload };

/** A file on its way: packed if it is many, sent, read; one at a time, which can be called off. */
export class Bringing {
  stage = $state.raw<Stage>({ at: 'empty' });
  name = $state('');
  size = $state(0);
  /** How it is read, where that was said. */
  reading = $state.raw<Reading>({});
  #body = $state.raw<Blob | null>(null);
  #going: AbortController | null = null;
  #id: string | null = null;

  constructor(
    private readonly wire: Wire = server,
    private readonly rest = LOOK_MS,
  ) {}

  get busy(): boolean {
    return ['packing', 'sending', 'reading'].includes(this.stage.at);
  }

  /** There is something that can be sent again. */
  get sendable(): boolean {
    return this.#body !== null;
  }

  /** name: what all of them together are called. */
  async bring(files: Brought[], name: string): Promise<void> {
    const signal = this.#begin();
    this.#body = null;
    this.reading = {};
    this.name = name;
    this.stage = { at: files.length > 1 ? 'packing' : 'sending', done: 0, total: 0 };
    this.size = await sizeOf(files);
    if (signal.aborted) return;
    const wrong = whatIsWrong(files.length, this.size);
    if (wrong) return this.#fail(wrong, false);
    await this.#guard(signal, async () => {
      const body = await this.#packed(files, signal);
      this.#body = body;
      await this.#send(body, signal);
    });
  }

  /** The same once more, perhaps read otherwise. */
  async again(reading: Reading = {}): Promise<void> {
    const body = this.#body;
    if (!body) return;
    const signal = this.#begin();
    this.reading = { ...this.reading, ...reading };
    await this.#guard(signal, () => this.#send(body, signal));
  }

  /** Call it off, wherever it is; nothing is kept of it. */
  cancel(): void {
    const id = this.#id;
    const reading = this.stage.at === 'reading';
    this.#going?.abort();
    this.#going = this.#id = null;
    this.stage = { at: 'empty' };
    if (id && reading) void this.wire.forget(id).catch(() => {}); // it is read in vain, no more
  }

  #begin(): AbortSignal {
    this.cancel();
    this.#going = new AbortController();
    return this.#going.signal;
  }

  async #packed(files: Brought[], signal: AbortSignal): Promise<Blob> {
    const [only] = files;
    if (only && files.length === 1) return only.file;
    const total = this.size;
    const onprogress = (done: number) => this.#show(signal, { at: 'packing', done, total });
    onprogress(0);
    return packed(files, { signal, onprogress });
  }

  async #send(body: Blob, signal: AbortSignal): Promise<void> {
    const total = body.size;
    const onprogress = (done: number) => this.#show(signal, { at: 'sending', done, total });
    onprogress(0);
    const sent = await this.wire.send(body, this.name, this.reading, { signal, onprogress });
    this.#id = sent.id;
    if (signal.aborted) {
      void this.wire.forget(sent.id).catch(() => {});
      return;
    }
    await this.#read(sent, signal);
  }

  async #read(sent: Upload, signal: AbortSignal): Promise<void> {
    let upload = sent;
    while (upload.status === 'reading') {
      const { progress: share, doing } = upload;
      this.#show(signal, { at: 'reading', share, doing });
      await new Promise((rested) => setTimeout(rested, this.rest));
      if (signal.aborted) return;
      upload = await this.#look(upload.id, signal);
    }
    if (signal.aborted) return;
    if (upload.status === 'done' && upload.datasets.length) this.stage = { at: 'done', upload };
    else this.#fail(upload.error ?? upload.notes[0] ?? said(NOTHING), false);
  }

  /** Asked again where the server does not answer; a refusal is an answer. */
  async #look(id: string, signal: AbortSignal): Promise<Upload> {
    for (let tried = 1; ; tried++) {
      try {
        return await this.wire.look(id);
      } catch (error) {
        if (error instanceof Refused || tried === TRIES || signal.aborted) throw error;
        await new Promise((rested) => setTimeout(rested, this.rest * 2 ** tried));
      }
    }
  }

  #show(signal: AbortSignal, stage: Stage): void {
    if (!signal.aborted) this.stage = stage;
  }

  #fail(note: Note, again: boolean): void {
    this.stage = { at: 'failed', note, again };
  }

  /** What goes wrong on the way becomes a note; what was called off is none. */
  async #guard(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refused) this.#fail(said(error.message), error.status >= 429);
      else if (error instanceof TypeError)
        this.#fail(said('The server cannot be reached; try again when it is back.'), true);
      else this.#fail(said(`The file cannot be read here (${error}); choose it again.`), false);
    }
  }
}

const said = (message: string): Note => ({ row: null, column: null, message });

const NOTHING = 'There is nothing in it that can be learned from; see what can be brought.';

function whatIsWrong(files: number, bytes: number): Note | null {
  if (!files) return said(NOTHING);
  if (!bytes) return said('The file is empty; choose one that has something in it.');
  if (bytes <= MOST_BYTES) return null;
  const most = sizeText(MOST_BYTES);
  return said(`It has ${sizeText(bytes)}, and ${most} is the most; bring a part of it.`);
}
