import type {
  Edit,
  Entry,
  Experiment,
  Json,
  KindValue,
  Patch,
  RunLog,
  ViewSettings,
} from '../types';
import { type About, viewFrom } from './address';

/** A moment of a run, as a link carries it (docs/protocol.md). */
export interface Moment {
  step: number;
  digest: string;
  platform: string;
  curve: { columns: string[]; rows: (number | null)[][] };
  surface?: Json;
  weights?: Json;
}

/** What was done to the run of a link, as a command. */
export interface Event {
  step: number;
  command: KindValue;
}

/** What a link carries: with a moment, the run that leads there from the experiment. */
export interface ShareDocument {
  version?: number;
  experiment: Patch;
  title?: string;
  notes?: string;
  hide?: string[];
  view?: { [key: string]: Json };
  log?: Event[];
  moment?: Moment;
}

/** The link that the page was opened by. */
export interface Shared {
  id: string;
  experiment: Patch;
  about: About;
  view: Partial<ViewSettings>;
  moment: Moment | null;
  /** The run that leads to the moment. */
  log: RunLog | null;
  /** Why there is no such link, for a person. */
  notes: string[];
}

/** What the server put into the page; null where its address names no link. */
export function readShared(page: Document = document): Shared | null {
  const text = page.getElementById('shared')?.textContent;
  if (!text) return null;
  const said = JSON.parse(text) as ({ id: string } & ShareDocument) | { error: string };
  if ('error' in said) {
    const about = { title: '', notes: '' };
    return {
      id: '',
      experiment: {},
      about,
      view: {},
      moment: null,
      log: null,
      notes: [said.error],
    };
  }
  const { id, experiment, title = '', notes = '', moment = null, hide = [], view = {} } = said;
  const run = moment && runOf(experiment, said.log ?? [], moment);
  return {
    id,
    experiment,
    about: { title, notes },
    view: viewFrom({ ...view, hide: marked(hide) }),
    moment,
    log: run,
    notes: [],
  };
}

/** Null where something was done that this page does not know. */
function runOf(experiment: Patch, events: Event[], moment: Moment): RunLog | null {
  const entries = events.map(entryOf);
  if (!entries.every((entry) => entry !== null)) return null;
  const { step, digest, platform } = moment;
  const begun = experiment as unknown as Experiment;
  return { version: 1, experiment: begun, entries, step, digest, platform };
}

function entryOf({ step, command }: Event): Entry | null {
  if (command.kind === 'patch')
    return { kind: 'changed', step, patch: command.experiment as Patch };
  if (command.kind === 'edit') return { kind: 'edited', step, edit: command as unknown as Edit };
  return command.kind === 'play' ? { kind: 'resumed', step } : null;
}

function eventOf(entry: Entry): Event {
  const { step } = entry;
  if (entry.kind === 'changed')
    return { step, command: { kind: 'patch', experiment: entry.patch } };
  if (entry.kind === 'edited') return { step, command: { ...entry.edit } };
  return { step, command: { kind: 'play' } };
}

/** What the address hides, as TensorFlow Playground's do: `?playButton_hide=true&hideText=true`. */
export function hiddenBy(search: string): { hide: Record<string, boolean>; hideText?: true } {
  const params = new URLSearchParams(search);
  const hide = [...params]
    .filter(([name, value]) => name.endsWith('_hide') && value === 'true')
    .map(([name]) => name.slice(0, -'_hide'.length));
  return { hide: marked(hide), ...(params.get('hideText') === 'true' && { hideText: true }) };
}

const marked = (names: string[]): Record<string, boolean> =>
  Object.fromEntries(names.map((name) => [name, true]));

/** The page is a frame of another page. */
export const isEmbedded = (page: Document = document): boolean =>
  page.documentElement.hasAttribute('data-embed');

/** A moment, and the run that leads there. */
export interface Pinned {
  moment: Moment;
  log: RunLog;
}

/** What a link to this is made of. Fields that say nothing are left out. */
export function shareDocument(
  experiment: Patch,
  about: About,
  view: ViewSettings,
  pinned: Pinned | null,
): ShareDocument {
  const { hide, ...flags } = view;
  const hidden = Object.keys(hide).filter((name) => hide[name]);
  return {
    experiment: pinned ? (pinned.log.experiment as unknown as Patch) : experiment,
    ...about,
    hide: hidden,
    view: flags as unknown as { [key: string]: Json },
    ...(pinned && { moment: pinned.moment, log: pinned.log.entries.map(eventOf) }),
  };
}

/** HTML that shows the link at `address` as a frame, without the controls of these names. */
export function frameOf(address: string, title: string, hidden: readonly string[] = []): string {
  const flags = hidden.map((name) => (name === 'hideText' ? 'hideText=true' : `${name}_hide=true`));
  const source = escaped(`${address}?${['embed=1', ...flags].join('&')}`);
  const name = escaped(title || 'An experiment in Layerlab');
  return (
    `<iframe src="${source}" title="${name}" width="100%" height="640" ` +
    'style="border:0" loading="lazy"></iframe>'
  );
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
