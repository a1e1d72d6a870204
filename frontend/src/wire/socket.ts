import type { Command, Problem, ViewRequest } from '../types';
import { decode, type ServerMessage } from './decode';

export interface Reply {
  ok: boolean;
  errors: Problem[];
}

export interface LiveOptions {
  id: string;
  secret: string | null;
  /** What is asked for now; read again at every (re)opening. */
  asked: () => { views: ViewRequest[]; fps: number };
  onMessage: (message: ServerMessage) => void;
  onConnection: (state: 'connecting' | 'open' | 'lost') => void;
  /** The session is not there any more, or not ours: the socket has given up. */
  onGone: (reason: string) => void;
  onComplaint: (problem: Problem) => void;
  connect?: (url: string) => WebSocket;
  random?: () => number;
}

const GONE = new Set([4401, 4404]);
const ANSWER_WITHIN_MS = 60_000; // a compile or a long `advance` comes before its reply
const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 8_000;

/**
 * One view on one session: says hello, keeps itself connected, pairs commands with replies.
 * After a reopening the server sends session, data and history anew, so nothing is replayed here.
 */
export class Live {
  readonly #options: LiveOptions;
  #socket: WebSocket | null = null;
  #seq = 0;
  #waiting = new Map<number, { settle: (reply: Reply) => void; timer: Timer }>();
  #unsent: string[] = []; // commands given while the first connection is being made
  #attempt = 0;
  #retry: Timer | undefined;
  #closed = false;

  constructor(options: LiveOptions) {
    this.#options = options;
    globalThis.addEventListener?.('online', this.#now);
    globalThis.document?.addEventListener('visibilitychange', this.#now);
    options.onConnection('connecting');
    this.#open();
  }

  command(command: Command): Promise<Reply> {
    if (this.#closed || this.#retry !== undefined) return Promise.resolve(refusal(DOWN));
    const seq = ++this.#seq;
    const text = JSON.stringify({ kind: 'command', seq, command });
    return new Promise((settle) => {
      const timer = setTimeout(() => this.#settle(seq, refusal(SILENT)), ANSWER_WITHIN_MS);
      this.#waiting.set(seq, { settle, timer });
      if (!this.#send(text)) this.#unsent.push(text);
    });
  }

  /** Tell the server what is asked for now; when not connected, the next hello does. */
  ask(): void {
    this.#send(JSON.stringify({ kind: 'views', ...this.#options.asked() }));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    globalThis.removeEventListener?.('online', this.#now);
    globalThis.document?.removeEventListener('visibilitychange', this.#now);
    this.#socket?.close();
    this.#dropAll();
  }

  #open(): void {
    this.#retry = undefined;
    const { id, secret, asked, connect = newSocket } = this.#options;
    const socket = connect(addressOf(id));
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.onopen = () => {
      socket.send(JSON.stringify({ kind: 'hello', secret, ...asked() }));
      for (const text of this.#unsent.splice(0)) socket.send(text);
    };
    socket.onmessage = ({ data }) => this.#receive(data as ArrayBuffer);
    socket.onclose = ({ code, reason }) => this.#lost(code, reason);
  }

  #receive(data: ArrayBuffer): void {
    const message = decode(data);
    if (this.#attempt || message.kind === 'session') this.#options.onConnection('open');
    this.#attempt = 0;
    if (message.kind === 'reply')
      this.#settle(message.seq, { ok: message.ok, errors: message.errors ?? [] });
    else this.#options.onMessage(message);
  }

  #lost(code: number, reason: string): void {
    if (this.#closed) return;
    this.#socket = null;
    this.#dropAll();
    if (GONE.has(code)) {
      this.close();
      this.#options.onGone(reason);
      return;
    }
    if (reason) this.#options.onComplaint({ path: '', message: reason });
    this.#options.onConnection('lost');
    const { random = Math.random } = this.#options;
    this.#retry = setTimeout(() => this.#open(), pause(this.#attempt++, random()));
  }

  /** The network is back, or the tab is looked at again: do not wait for the next attempt. */
  #now = (): void => {
    if (this.#retry === undefined || globalThis.document?.hidden) return;
    clearTimeout(this.#retry);
    this.#open();
  };

  #send(text: string): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(text);
    return true;
  }

  #settle(seq: number, reply: Reply): void {
    const waiting = this.#waiting.get(seq);
    if (!waiting) return;
    this.#waiting.delete(seq);
    clearTimeout(waiting.timer);
    waiting.settle(reply);
  }

  #dropAll(): void {
    this.#unsent.length = 0;
    for (const seq of [...this.#waiting.keys()]) this.#settle(seq, refusal(DOWN));
  }
}

type Timer = ReturnType<typeof setTimeout>;

const DOWN = 'The connection to the server is down; try again when it is back.';
const SILENT = 'The server did not answer within a minute; try again.';

const refusal = (message: string): Reply => ({ ok: false, errors: [{ path: '', message }] });

const newSocket = (url: string) => new WebSocket(url);

function addressOf(id: string): string {
  const url = new URL(`/api/v1/sessions/${encodeURIComponent(id)}/live`, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  return url.href;
}

/** Doubling pauses, each shortened at random by up to half so that a crowd does not return at once. */
export function pause(attempt: number, random: number): number {
  const whole = Math.min(FIRST_RETRY_MS * 2 ** attempt, LAST_RETRY_MS);
  return whole * (1 - random / 2);
}
