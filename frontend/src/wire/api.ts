import type {
  Evaluation,
  Experiment,
  Form,
  Json,
  Patch,
  Problem,
  RunLog,
  Schema,
  Session,
} from '../types';
import type { Moment, ShareDocument } from './shared';

/** A refusal, in the server's own words. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly problems: Problem[],
  ) {
    super(problems.map((problem) => problem.message).join('; '));
  }
}

/** What GET /api/v1/datasets says of one kind. */
export interface DatasetCard {
  kind: string;
  title: string;
  help: string;
  problem: 'classification' | 'regression';
  form: Form;
  input_shape: number[];
  dimensions: 0 | 1 | 2;
  preview: { inputs: number[][]; labels: number[] };
}

export interface Translation {
  experiment: Patch;
  view: { [key: string]: Json };
}

/** What a session can be exported to, as GET /api/v1/exports says it. */
export interface ExportTarget {
  target: string;
  title: string;
  help: string;
  group: string;
  filename: string;
  media_type: string;
}

/** The server answers only to who has an API key; the browser's is in a cookie. */
export const wantsKey = (page: Document = document): boolean =>
  page.documentElement.hasAttribute('data-key');

const BASE = '/api/v1';

export async function call<T>(
  method: string,
  path: string,
  body?: Json,
  secret?: string,
): Promise<T> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (secret) headers.Authorization = `Bearer ${secret}`;
  const response = await fetch(BASE + path, {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (!response.ok) throw new Refused(response.status, await problemsOf(response));
  return response.status === 204 ? (undefined as T) : response.json();
}

/** What an answer that is no success says. */
export async function problemsOf(response: Response): Promise<Problem[]> {
  const said = await response.json().catch(() => null);
  if (Array.isArray(said?.errors) && said.errors.length) return said.errors;
  const message = said?.detail ?? said?.title ?? `The server answered ${response.status}.`;
  return [{ path: '', message: String(message) }];
}

export const getSchema = () => call<Schema>('GET', '/schema');
export const getDatasets = () => call<DatasetCard[]>('GET', '/datasets');
/** A ready experiment, as GET /api/v1/gallery says it. */
export interface GalleryEntry {
  name: string;
  title: string;
  help: string;
  group: string;
  experiment: Patch;
}
export const getGallery = () => call<GalleryEntry[]>('GET', '/gallery');
export const getEquation = (id: string) =>
  call<{ latex: string[] }>('GET', `/sessions/${id}/equation`);

/** What a session begins as: an experiment, or a run that is done again. */
export type Beginning = { experiment: Patch | Experiment } | { log: RunLog };

export const createSession = (begin: Beginning) =>
  call<Session>('POST', '/sessions', begin as unknown as Json);
export const getLog = (id: string) => call<RunLog>('GET', `/sessions/${id}/log`);
export const getSession = (id: string) => call<Session>('GET', `/sessions/${id}`);
/** The session, with the secret if it is the session's: changing nothing finds that out. */
export async function joinSession(id: string, secret: string | null): Promise<Session> {
  try {
    if (!secret) return await getSession(id);
    return { ...(await call<Session>('PATCH', `/sessions/${id}`, {}, secret)), secret };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 401) return getSession(id);
    throw error.status === 404 ? new Refused(404, [ENDED]) : error;
  }
}
const ENDED = { path: '', message: 'The session of this link has ended.' };
/** Loss and score over all examples of a part; of the test part it is written down. */
export const evaluate = (id: string, part: string) =>
  call<Evaluation>('POST', `/sessions/${id}/evaluate`, { part });
/** The session as a link may carry it. */
export const getMoment = (id: string) =>
  call<{ experiment: Patch; moment: Moment }>('GET', `/sessions/${id}/moment`);
export const saveShare = (document: ShareDocument) =>
  call<{ id: string; path: string }>('POST', '/shares', document as unknown as Json);
export const getExports = () => call<ExportTarget[]>('GET', '/exports');
/** A file under the name that the server gives it: several of a target come packed. */
export async function getExport(id: string, target: string): Promise<File> {
  const response = await fetch(`${BASE}/sessions/${id}/exports/${target}`);
  if (!response.ok) throw new Refused(response.status, await problemsOf(response));
  const named = /filename="(.+?)"/.exec(response.headers.get('Content-Disposition') ?? '');
  return new File([await response.blob()], named?.[1] ?? target);
}
export const deleteSession = (id: string, secret: string) =>
  call<void>('DELETE', `/sessions/${id}`, undefined, secret);

/** A TensorFlow Playground address (what stands after its `#`), translated. */
export const translate = (query: string) => call<Translation>('GET', `/tf-playground?${query}`);
