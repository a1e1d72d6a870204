import { encode } from '@msgpack/msgpack';

/** A server's end of sockets, for tests. */
export class FakeSockets {
  opened: FakeSocket[] = [];

  connect = (url: string): WebSocket => {
    const socket = new FakeSocket(url);
    this.opened.push(socket);
    return socket as unknown as WebSocket;
  };

  get last(): FakeSocket {
    const socket = this.opened.at(-1);
    if (!socket) throw new Error('no socket was opened');
    return socket;
  }
}

export class FakeSocket {
  readyState: number = WebSocket.CONNECTING;
  binaryType = '';
  sent: Record<string, unknown>[] = [];
  onopen: () => void = () => {};
  onmessage: (event: { data: ArrayBuffer }) => void = () => {};
  onclose: (event: { code: number; reason: string }) => void = () => {};
  /** Called with every message of the page. */
  receive: (message: Record<string, unknown>) => void = () => {};

  constructor(readonly url: string) {}

  send(text: string): void {
    const message = JSON.parse(text);
    this.sent.push(message);
    this.receive(message);
  }

  close(): void {
    this.readyState = WebSocket.CLOSED;
  }

  open(): void {
    this.readyState = WebSocket.OPEN;
    this.onopen();
  }

  say(message: unknown): void {
    this.onmessage({ data: encode(message).slice().buffer as ArrayBuffer });
  }

  drop(code = 1006, reason = ''): void {
    this.readyState = WebSocket.CLOSED;
    this.onclose({ code, reason });
  }

  /** The commands of the page, in their order. */
  get commands(): { seq: number; command: Record<string, unknown> }[] {
    return this.sent.filter(({ kind }) => kind === 'command') as never;
  }
}
