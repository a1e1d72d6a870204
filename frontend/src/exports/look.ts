/** The page's colours as they are now: a picture leaves it in the theme it is seen in. */

import { theme, token } from '../pictures/theme.svelte';

export interface Look {
  dark: boolean;
  paper: string;
  ink: string;
  muted: string;
  line: string;
  edge: string;
}

export function lookNow(): Look {
  return {
    dark: theme.dark,
    paper: token('--panel', '#ffffff'),
    ink: token('--ink', '#17212b'),
    muted: token('--ink-3', '#616d79'),
    line: token('--line', '#dde2e6'),
    edge: token('--line-strong', '#87929c'),
  };
}
