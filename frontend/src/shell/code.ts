import { properties, resolve, unwrap, variant } from '../forms/schema';
import type { Command, Experiment, Json, Schema } from '../types';
import { writeVisit } from '../wire/visit';

/** What the page does, in the words of a script: the Python client's (docs/python.md), or curl's. */

export type Language = 'python' | 'curl';

/** A server as a script finds it. */
export interface Server {
  origin: string;
  /** It answers only to who has an API key: each has their own, so none is in the code. */
  keyed: boolean;
}

/** A session as a script finds it. */
export interface Place extends Server {
  id: string;
  secret: string | null;
}

const KEY = 'LAYERLAB_API_KEY'; // which the client reads by itself

const WIDE = 76;

// -- an experiment ---------------------------------------------------------------------------

/** Makes a session of its own from the experiment, trains it for so many steps, tells the scores. */
export function experimentCode(
  language: Language,
  server: Server,
  experiment: Json,
  steps: number,
): string {
  if (language === 'python')
    return [
      ...begun(server),
      `experiment = ${python(experiment)}`,
      `with Playground(${python(server.origin)}, experiment) as lab:`,
      `    result = lab.train(steps=${steps})`,
      '    print(result.metrics, result.digest)',
      '',
    ].join('\n');
  const sessions = `${server.origin}/api/v1/sessions`;
  return [
    ...asked(server),
    `session=$(${curl(server, sessions, { experiment })})`,
    `id=${taken('id')}`,
    `secret=${taken('secret')}`,
    curl(server, `${sessions}/$id/train`, { steps }, '"Authorization: Bearer $secret"'),
    '',
  ].join('\n');
}

const taken = (name: string): string =>
  `$(printf %s "$session" | grep -o '"${name}":"[^"]*"' | head -n 1 | cut -d '"' -f 4)`;

// -- a session -------------------------------------------------------------------------------

/** Looks at the session that is on the screen. */
export function sessionCode(language: Language, place: Place): string {
  if (language === 'curl') return [...asked(place), curl(place, address(place)), ''].join('\n');
  return [...connected(place), 'print(lab.session["step"], lab.metrics)', ''].join('\n');
}

/** Does the same to the session that is on the screen once more. */
export function actionCode(language: Language, place: Place, command: Command): string {
  if (language === 'python') return [...connected(place), method(command), ''].join('\n');
  const body = { ...command } as unknown as Json;
  const key = quoted(`Authorization: Bearer ${place.secret}`);
  return [...asked(place), curl(place, `${address(place)}/commands`, body, key), ''].join('\n');
}

const address = ({ origin, id }: Place): string =>
  `${origin}/api/v1/sessions/${encodeURIComponent(id)}`;

const connected = (place: Place): string[] => [
  ...begun(place),
  `lab = Playground(${python(`${place.origin}/${writeVisit(place)}`)})`,
];

const begun = (server: Server): string[] => [
  ...asked(server),
  'from layerlab import Playground',
  '',
];

/** Where the key goes. */
const asked = ({ keyed }: Server): string[] =>
  keyed ? [`# This server wants an API key: put yours into the environment variable ${KEY}.`] : [];

/** The call of the client that gives this command. */
function method(command: Command): string {
  switch (command.kind) {
    case 'play':
      return `lab.play(${command.steps ?? ''})`;
    case 'pause':
      return 'lab.pause()';
    case 'advance':
      return command.epochs
        ? `lab.train(epochs=${command.epochs})`
        : `lab.train(steps=${command.steps})`;
    case 'reset':
      return command.seed === undefined ? 'lab.reset()' : `lab.reset(seed=${command.seed})`;
    case 'speed':
      return `lab.set_speed(${python(command.epochs_per_second)})`;
    case 'seek':
      return `lab.seek(${command.step})`;
    case 'patch':
      return `lab.patch(${python(command.experiment)})`;
    case 'edit': {
      const { layer, param, index, value } = command;
      return `lab.edit(${layer}, ${python(param)}, ${python(index)}, ${python(value)})`;
    }
  }
}

/** What a command does, for who chooses among what to copy. */
export function wordsOf(command: Command): string {
  switch (command.kind) {
    case 'advance':
      return command.epochs ? 'Train one epoch' : 'Train one step';
    case 'play':
      return command.steps ? `Play ${command.steps} steps` : 'Play';
    case 'patch':
      return `Change ${fieldOf(command.experiment)}`;
    case 'edit':
      return 'Set a weight by hand';
    case 'speed':
      return 'Set the speed';
    case 'seek':
      return `Go to step ${command.step}`;
    default:
      return { pause: 'Pause', reset: 'Reset' }[command.kind];
  }
}

/** The innermost field that the whole patch is about. */
function fieldOf(patch: Json, name = 'the experiment'): string {
  const [first, ...others] = isObject(patch) ? Object.entries(patch) : [];
  return first && !others.length ? fieldOf(first[1], first[0]) : name.replaceAll('_', ' ');
}

// -- an experiment in few words --------------------------------------------------------------

/** What of these is left out is as the dataset suggests, where it suggests something. */
const SUGGESTED = ['network', 'training', 'generator'];

/**
 * What of the experiment is not the default; a kind with its defaults is its name alone.
 * suggested: whether the dataset suggests something else than the defaults.
 */
export function brief(
  schema: Schema,
  experiment: Experiment,
  suggested = false,
): { [key: string]: Json } {
  const value = experiment as unknown as { [key: string]: Json };
  const said = fields(schema, schema, value);
  if (!suggested) return said;
  for (const { name, node } of properties(schema, schema)) {
    const room = value[name];
    if (SUGGESTED.includes(name) && isObject(room))
      said[name] = fields(schema, unwrap(schema, node).node, room, true);
  }
  return said;
}

function fields(root: Schema, node: Schema, value: { [key: string]: Json }, all = false) {
  const said: { [key: string]: Json } = {};
  for (const { name, node: field } of properties(root, node)) {
    const given = value[name];
    if (given === undefined) continue; // the server has yet to fill it in
    const short = shortened(root, field, given);
    if (all || !same(short, shortened(root, field, field.default ?? null))) said[name] = short;
  }
  return said;
}

function shortened(root: Schema, field: Schema, value: Json): Json {
  const { node } = unwrap(root, field);
  if (Array.isArray(value) && isObject(node.items)) {
    const item = resolve(root, node.items);
    return value.map((one) => shortened(root, item, one));
  }
  if (!isObject(value)) return value;
  if (!node.oneOf) return fields(root, node, value);
  const kind = String(value.kind);
  const settings = fields(root, variant(node, kind)?.node ?? {}, value);
  return Object.keys(settings).length ? { kind, ...settings } : kind;
}

const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const same = (a: Json, b: Json): boolean => JSON.stringify(a) === JSON.stringify(b);

// -- writing ---------------------------------------------------------------------------------

const WORDS = { true: 'True', false: 'False', null: 'None' };

/** A JSON value as Python writes it, on one line where that is not too long. */
export function python(value: Json, indent = ''): string {
  if (value === null || typeof value === 'boolean')
    return WORDS[String(value) as keyof typeof WORDS];
  if (typeof value !== 'object') return JSON.stringify(value);
  const inner = `${indent}    `;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const items = (deeper: string): string[] =>
    Array.isArray(value)
      ? value.map((item) => python(item, deeper))
      : Object.entries(value).map(
          ([key, item]) => `${JSON.stringify(key)}: ${python(item, deeper)}`,
        );
  const line = `${open}${items(inner).join(', ')}${close}`;
  if (!line.includes('\n') && indent.length + line.length <= WIDE) return line;
  return `${open}\n${items(inner)
    .map((item) => `${inner}${item},\n`)
    .join('')}${indent}${close}`;
}

/** A call, with a JSON body if there is one; `secret` is a header, quoted already. */
function curl({ keyed }: Server, url: string, body?: Json, secret?: string): string {
  return [
    `curl -s ${url}`,
    ...(keyed ? [`-H "X-API-Key: $${KEY}"`] : []),
    ...(secret ? [`-H ${secret}`] : []),
    ...(body === undefined
      ? []
      : ["-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(body))}`]),
  ].join(' \\\n  ');
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
