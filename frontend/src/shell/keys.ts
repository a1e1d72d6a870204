/** Keys of the whole page, and when a key press is none of ours. */

export type Act = 'play' | 'step' | 'epoch' | 'reset' | 'help' | 'undo' | 'redo';

export const KEYS: { act: Act; keys: string[]; does: string }[] = [
  { act: 'play', keys: ['Space'], does: 'Play or pause' },
  { act: 'step', keys: ['S'], does: 'Train one step' },
  { act: 'epoch', keys: ['E'], does: 'Train one epoch' },
  { act: 'reset', keys: ['R'], does: 'Reset to the same initial weights' },
  { act: 'undo', keys: ['Ctrl', 'Z'], does: 'Undo the last change' },
  { act: 'redo', keys: ['Ctrl', 'Shift', 'Z'], does: 'Redo it' },
  { act: 'help', keys: ['?'], does: 'Show these keys' },
];

const SINGLE: Record<string, Act> = {
  ' ': 'play',
  s: 'step',
  e: 'epoch',
  r: 'reset',
  '?': 'help',
};

type Press = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey' | 'target'>;

/** What a key press asks for; `single` says whether keys without Ctrl count. */
export function actOf(event: Press, single: boolean): Act | null {
  if (event.altKey || isTyping(event.target)) return null;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) return chordOf(key, event.shiftKey);
  if (!single || (key === ' ' && takesSpace(event.target))) return null;
  return SINGLE[key] ?? null;
}

function chordOf(key: string, shift: boolean): Act | null {
  if (key === 'y') return 'redo';
  if (key !== 'z') return null;
  return shift ? 'redo' : 'undo';
}

const TYPED = 'select, textarea, [contenteditable], input:not([type=range], [type=checkbox])';
const PRESSED = 'button, summary, a, input, [role=button], [role=radio], [tabindex]';

const isTyping = (target: EventTarget | null) =>
  target instanceof Element && target.closest(TYPED) !== null;
const takesSpace = (target: EventTarget | null) =>
  target instanceof Element && target.closest(PRESSED) !== null;
