/** Moving a layer: one state machine for mouse, touch and keyboard. */

import { clamp, moved } from './layers';

export type Reorder =
  | { phase: 'idle' }
  | { phase: 'lifted'; key: number; from: number; to: number; by: 'pointer' | 'keyboard' };

export type ReorderAction =
  | { type: 'lift'; key: number; index: number; by: 'pointer' | 'keyboard' }
  | { type: 'by'; step: number }
  | { type: 'to'; index: number }
  | { type: 'cancel' }
  | { type: 'drop' };

export const IDLE: Reorder = { phase: 'idle' };

/** The state after an action; `count`: how many layers there are. */
export function reorder(state: Reorder, action: ReorderAction, count: number): Reorder {
  if (action.type === 'lift') {
    if (state.phase === 'lifted') return state;
    return {
      phase: 'lifted',
      key: action.key,
      from: action.index,
      to: action.index,
      by: action.by,
    };
  }
  if (state.phase === 'idle' || action.type === 'cancel' || action.type === 'drop') return IDLE;
  const wanted = action.type === 'by' ? state.to + action.step : action.index;
  const to = clamp(wanted, 0, count - 1);
  return to === state.to ? state : { ...state, to };
}

/** The order to draw while something is lifted. */
export function preview<T>(items: readonly T[], state: Reorder): T[] {
  if (state.phase === 'idle' || state.from >= items.length) return [...items];
  return moved(items, state.from, state.to);
}

/** What a screen reader says of the step from `before` to `after`. */
export function announce(
  before: Reorder,
  action: ReorderAction,
  after: Reorder,
  title: string,
  count: number,
): string {
  if (action.type === 'lift' && after.phase === 'lifted')
    return `${title} lifted, place ${after.to + 1} of ${count}. Arrow keys move it, Space drops it, Escape cancels.`;
  if (before.phase === 'idle') return '';
  if (action.type === 'cancel')
    return `Move cancelled, ${title} is back at place ${before.from + 1}.`;
  if (action.type === 'drop') return `${title} dropped at place ${before.to + 1} of ${count}.`;
  if (after.phase !== 'lifted') return '';
  return after === before ? '' : `${title}, place ${after.to + 1} of ${count}.`;
}
