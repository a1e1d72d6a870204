/** What a person called a file that an experiment knows by its digest alone. */

import { preference } from '../state/storage';

const MOST = 60;
const kept = preference<string>('files', '{}');

function known(): Record<string, string> {
  try {
    return JSON.parse(kept.get());
  } catch {
    return {};
  }
}

export function rememberName(digest: string, name: string): void {
  const { [digest]: _, ...others } = known();
  const newest = [[digest, name], ...Object.entries(others)].slice(0, MOST);
  kept.set(JSON.stringify(Object.fromEntries(newest)));
}

/** The name, or what an unknown file is told by: the first letters of its digest. */
export const nameOfFile = (digest: string): string =>
  known()[digest] ?? `file ${digest.slice(0, 8)}`;
