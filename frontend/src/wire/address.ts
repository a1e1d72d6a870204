import type { Experiment, Json, Patch, ViewSettings } from '../types';

/** Words about an experiment. */
export interface About {
  title: string;
  notes: string; // Markdown
}

/**
 * What stands after the `#`: an experiment of ours as `x=<base64url JSON>&v=<view, the same>`
 * `&a=<title and notes, the same>`, or a TensorFlow Playground address, which the server translates.
 */
export type Address =
  | { kind: 'empty' }
  | { kind: 'playground'; query: string }
  | {
      kind: 'experiment';
      experiment: { [key: string]: Json };
      view: Partial<ViewSettings>;
      about: About | null;
    }
  | { kind: 'broken'; message: string };

export const DEFAULT_VIEW: ViewSettings = {
  discretize: false,
  showTestData: false,
  showValidationData: false,
  contours: false,
  surfaceClass: null,
  hide: {},
  hideText: false,
};

export function readAddress(hash: string): Address {
  const text = hash.replace(/^#/, '');
  if (!text.includes('=')) return { kind: 'empty' };
  const params = new URLSearchParams(text);
  const own = params.get('x');
  // TensorFlow Playground has a key `x` too: its first feature, true or false
  if (own === null || own === '' || own === 'true' || own === 'false')
    return { kind: 'playground', query: text };
  try {
    const experiment = objectFrom(own);
    const view = viewFrom(objectFrom(params.get('v') ?? encode({})));
    const about = params.get('a');
    return {
      kind: 'experiment',
      experiment,
      view,
      about: about ? aboutFrom(objectFrom(about)) : null,
    };
  } catch {
    return {
      kind: 'broken',
      message:
        'The address does not hold a whole experiment; copy the link again, to its last letter.',
    };
  }
}

/** The fragment that gives this experiment, seen this way, to whoever opens it. */
export function writeAddress(
  experiment: Experiment | Patch,
  view: ViewSettings = DEFAULT_VIEW,
  about: About | null = null,
): string {
  const parts = [`#x=${encode(experiment as unknown as Json)}`];
  const changed = changedView(view);
  if (Object.keys(changed).length) parts.push(`v=${encode(changed)}`);
  if (about?.title || about?.notes) parts.push(`a=${encode({ ...about })}`);
  return parts.join('&');
}

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

const aboutFrom = ({ title, notes }: { [key: string]: Json }): About => ({
  title: text(title),
  notes: text(notes),
});

const FLAGS = {
  discretize: 'discretize',
  showTestData: 'showTestData',
  show_test_data: 'showTestData', // as a translated playground address says it
  showValidationData: 'showValidationData',
  contours: 'contours',
  hideText: 'hideText',
  hide_text: 'hideText',
} as const;

/** Keeps what is a view setting of the right type. */
export function viewFrom(values: { [key: string]: Json }): Partial<ViewSettings> {
  const view: Partial<ViewSettings> = {};
  for (const [key, name] of Object.entries(FLAGS)) {
    const value = values[key];
    if (typeof value === 'boolean') view[name] = value;
  }
  if (typeof values.surfaceClass === 'number') view.surfaceClass = values.surfaceClass;
  const hide = hiddenBy(values);
  if (Object.keys(hide).length) view.hide = hide;
  return view;
}

function hiddenBy({ hide }: { [key: string]: Json }): Record<string, boolean> {
  if (typeof hide !== 'object' || hide === null || Array.isArray(hide)) return {};
  return Object.fromEntries(
    Object.entries(hide)
      .filter(([, hidden]) => hidden === true)
      .map(([name]) => [name, true]),
  );
}

function changedView(view: ViewSettings): { [key: string]: Json } {
  const changed: { [key: string]: Json } = {};
  for (const [key, value] of Object.entries(view) as [keyof ViewSettings, Json][])
    if (JSON.stringify(value) !== JSON.stringify(DEFAULT_VIEW[key])) changed[key] = value;
  return changed;
}

function encode(value: Json): string {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function objectFrom(text: string): { [key: string]: Json } {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
  const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError('not an object');
  return value;
}
