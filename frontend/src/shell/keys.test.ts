// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { actOf } from './keys';

const press = (key: string, html = '<p></p>', held: Partial<KeyboardEvent> = {}) => {
  document.body.innerHTML = html;
  const target = document.body.firstElementChild;
  const none = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
  return { ...none, key, target, ...held };
};

describe('keys', () => {
  it('act on the page', () => {
    expect(actOf(press(' '), true)).toBe('play');
    expect(actOf(press('S', '<p></p>', { shiftKey: true }), true)).toBe('step');
    expect(actOf(press('?'), true)).toBe('help');
    expect(actOf(press('x'), true)).toBeNull();
  });

  it('are left to whoever is being typed in', () => {
    for (const html of ['<input type="text">', '<textarea></textarea>', '<select></select>'])
      for (const key of [' ', 's', 'r', '?']) expect(actOf(press(key, html), true)).toBeNull();
    expect(actOf(press('z', '<input>', { ctrlKey: true }), true)).toBeNull();
  });

  it('leave the space bar to buttons, and letters to nobody', () => {
    expect(actOf(press(' ', '<button></button>'), true)).toBeNull();
    expect(actOf(press('e', '<button></button>'), true)).toBe('epoch');
    expect(actOf(press('e', '<input type="range">'), true)).toBe('epoch');
  });

  it('undo and redo, as every system has them', () => {
    expect(actOf(press('z', '<p></p>', { ctrlKey: true }), false)).toBe('undo');
    expect(actOf(press('z', '<p></p>', { metaKey: true }), false)).toBe('undo');
    expect(actOf(press('Z', '<p></p>', { metaKey: true, shiftKey: true }), false)).toBe('redo');
    expect(actOf(press('y', '<p></p>', { ctrlKey: true }), false)).toBe('redo');
    expect(actOf(press('r', '<p></p>', { ctrlKey: true }), true)).toBeNull();
  });

  it('without a held key can be switched off', () => {
    expect(actOf(press('s'), false)).toBeNull();
    expect(actOf(press(' '), false)).toBeNull();
  });
});
