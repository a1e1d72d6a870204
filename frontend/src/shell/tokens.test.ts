import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  contrast,
  NEGATIVE,
  NEUTRAL_DARK,
  NEUTRAL_LIGHT,
  POSITIVE,
  POSITIVE_DARK,
  parseHex,
} from '../pictures/colors';

const css = readFileSync(new URL('../app.css', import.meta.url), 'utf8');

function tokensOf(selector: string): Record<string, string> {
  const start = css.indexOf(`${selector} {`);
  const block = css.slice(start, css.indexOf('}', start));
  return Object.fromEntries(
    [...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((m) => [m[1], m[2]]),
  );
}

const light = tokensOf(':root');
const dark = { ...light, ...tokensOf(':root[data-theme="dark"]') };

describe('the tokens', () => {
  it('say what canvases paint', () => {
    expect(light).toMatchObject({ neg: NEGATIVE, zero: NEUTRAL_LIGHT, pos: POSITIVE });
    expect(dark).toMatchObject({ neg: NEGATIVE, zero: NEUTRAL_DARK, pos: POSITIVE_DARK });
  });

  it.each([
    ['light', light],
    ['dark', dark],
  ])('%s: text reads on every paper (WCAG AA)', (_, tokens) => {
    const ratio = (ink: string, paper: string) =>
      contrast(parseHex(tokens[ink] ?? ''), parseHex(tokens[paper] ?? ''));
    for (const paper of ['page', 'panel', 'raised', 'sunken'])
      for (const ink of [
        'ink',
        'ink-2',
        'ink-3',
        'train',
        'validation',
        'test',
        'good',
        'warn',
        'bad',
      ])
        expect(ratio(ink, paper), `--${ink} on --${paper}`).toBeGreaterThanOrEqual(4.5);
    expect(ratio('on-ink', 'ink')).toBeGreaterThanOrEqual(7);
    expect(ratio('line-strong', 'panel')).toBeGreaterThanOrEqual(3);
    expect(ratio('focus', 'page')).toBeGreaterThanOrEqual(3);
  });
});
