/** How a peer talks; see peer.py. */

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export const CHECK_EPOCHS = 20;

export const problem = () => JSON.parse(readFileSync(process.argv[2], 'utf8'));

/** What version of an npm package is installed here. */
export function version(name) {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}

const say = (message) => console.log(JSON.stringify(message));

/** Say hello, then train on request. `train` does some work and returns its steps. */
export async function answer(name, version, loss, train) {
  say({ name, version, loss });
  for await (const line of createInterface({ input: process.stdin })) {
    const start = performance.now();
    let steps = 0;
    while (performance.now() - start < 1000 * Number(line)) steps += train();
    say({ steps, seconds: (performance.now() - start) / 1000 });
  }
}
