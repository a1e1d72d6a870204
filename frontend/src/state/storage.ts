/** What the browser remembers. A browser that refuses to is no error. */

/** What a run came to that is done again, and where. */
export interface Expected {
  digest: string | null;
  platform: string | null;
}

export interface Remembered {
  id: string;
  secret: string;
  place: string; // the address the session was last known by
  before?: string; // that it had when the page was left: a reload may come back to that one
  expected?: Expected | null; // of the run that it does again
}

const SESSION = 'layerlab.session';

/** The session of this tab: a reload finds it again. */
export const rememberSession = (value: Remembered | null): void =>
  write(() => sessionStorage, SESSION, value);

export function rememberedSession(): Remembered | null {
  const value = read(() => sessionStorage, SESSION) as Remembered | null;
  return typeof value?.id === 'string' && typeof value.secret === 'string' ? value : null;
}

/**
 * Whether an address, path and all, is that of what is remembered. A reload goes where the
 * address led when it was asked for; what was written into it since comes too late.
 */
export function isPlaceOf({ place, before }: Remembered, address: string): boolean {
  return address === place || (address === before && !arrived());
}

/** The page was gone to, not come back to. */
function arrived(): boolean {
  const [entry] = performance.getEntriesByType('navigation');
  return (entry as PerformanceNavigationTiming | undefined)?.type === 'navigate';
}

/** What this tab keeps over a reload. */
export const readTab = (name: string): unknown => read(() => sessionStorage, `layerlab.${name}`);
export const writeTab = (name: string, value: unknown): void =>
  write(() => sessionStorage, `layerlab.${name}`, value);

/** What a person prefers, in every tab. */
export function preference<T extends string | number | boolean | null>(name: string, usual: T) {
  return {
    get: (): T => {
      const value = read(() => localStorage, `layerlab.${name}`);
      return value === undefined || (usual !== null && typeof value !== typeof usual)
        ? usual
        : (value as T);
    },
    set: (value: T): void => write(() => localStorage, `layerlab.${name}`, value),
  };
}

function read(storage: () => Storage, key: string): unknown {
  try {
    const text = storage().getItem(key);
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function write(storage: () => Storage, key: string, value: unknown): void {
  try {
    storage().setItem(key, JSON.stringify(value));
  } catch {
    // private windows may refuse; the page works without
  }
}
