import type { Cell, Profile } from '../tables/table';
import type { Json, KindValue } from '../types';
import { call, problemsOf, Refused } from '../wire/api';

/** What is wrong with a file, or was done about it; rows as a spreadsheet counts them. */
export interface Note {
  row: number | null;
  column: string | null;
  message: string;
}

/** A file on its way into the server, as GET /api/v1/uploads/{id} says it. */
export interface Upload {
  id: string;
  name: string;
  size: number;
  status: 'reading' | 'done' | 'failed';
  /** Of the reading, 0 to 1. */
  progress: number;
  doing: string | null;
  /** What it can be learned from as, the likeliest first. */
  datasets: KindValue[];
  /** What is in it, in a few words. */
  about: string | null;
  notes: Note[];
  error: Note | null;
}

/** How a file is read, where that is not to be guessed. */
export type Reading = Partial<Record<'encoding' | 'header' | 'format', string>>;

/** A column of all rows, with the kind that it would be by itself and those it may be said to be. */
export type TypedProfile = Profile & { guessed: string | null; kinds: string[] };

/** What POST /api/v1/profile answers. */
export interface TableProfile {
  rows: number;
  answer: string | null;
  columns: TypedProfile[];
  left_out: number;
  examples: Cell[][];
  notes: Note[];
}

export interface Sending {
  signal: AbortSignal;
  /** How many bytes have gone. */
  onprogress: (bytes: number) => void;
}

/** The server's end of an upload. */
export interface Wire {
  send: (file: Blob, name: string, reading: Reading, sending: Sending) => Promise<Upload>;
  look: (id: string) => Promise<Upload>;
  forget: (id: string) => Promise<void>;
}

export const server: Wire = {
  send,
  look: (id) => call<Upload>('GET', `/uploads/${id}`),
  forget: (id) => call<void>('DELETE', `/uploads/${id}`),
};

export const getProfile = (dataset: KindValue) =>
  call<TableProfile>('POST', '/profile', { dataset } as Json);

/** Where a small file lies that a kind of dataset reads. */
export const sampleOf = (kind: string) => `/api/v1/uploads/samples/${kind}`;

/** By XMLHttpRequest, as `fetch` tells nothing of what has been sent. */
function send(file: Blob, name: string, reading: Reading, { signal, onprogress }: Sending) {
  return new Promise<Upload>((done, failed) => {
    const request = new XMLHttpRequest();
    request.open('POST', `/api/v1/uploads?${new URLSearchParams({ name, ...reading })}`);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.upload.onprogress = ({ loaded }) => onprogress(loaded);
    request.onload = () => answerOf(request).then(done, failed);
    request.onerror = () => failed(new TypeError('the server cannot be reached'));
    request.onabort = () => failed(signal.reason);
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

async function answerOf({ status, responseText }: XMLHttpRequest): Promise<Upload> {
  if (status >= 200 && status < 300) return JSON.parse(responseText);
  throw new Refused(status, await problemsOf(new Response(responseText, { status })));
}
