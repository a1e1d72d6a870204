/** The page's colours as they are now: a picture leaves it in the theme it is seen in. */

import { theme, token } from '../pictures/theme.svelte';

export interface Look {
  dark: boolean;
  paper: string;
  ink: string;
  muted: string;
  line: string;
  edge: string;
  /** Train, validation and test. */
  parts: readonly [string, string, string];
}

export function lookNow(): Look {
  return {
    dark: theme.dark,
    paper: token('--panel', '#ffffff'),
    ink: token('--ink', '#17212b'),
    muted: token('--ink-3', '#616d79'),
    line: token('--line', '#dde2e6'),
    edge: token('--line-strong', '#87929c'),
    parts: [
      token('--train', '#0b7a70'),
      token('--validation', '#7b52c7'),
      token('--test', '#bf2f6b'),
    ],
  };
}
