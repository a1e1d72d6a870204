// @vitest-environment happy-dom
import { afterEach, describe, expect, it } from 'vitest';
import type { Experiment, RunLog } from '../types';
import { DEFAULT_VIEW } from './address';
import { frameOf, hiddenBy, isEmbedded, readShared, shareDocument } from './shared';

afterEach(() => {
  document.body.innerHTML = '';
});

const put = (said: unknown) => {
  const script = document.createElement('script');
  script.id = 'shared';
  script.type = 'application/json';
  script.textContent = JSON.stringify(said);
  document.body.append(script);
};

describe('what the server put into the page', () => {
  it('is nothing where the address names no link', () => {
    expect(readShared()).toBeNull();
    expect(isEmbedded()).toBe(false);
  });

  it('is the link, seen as it was saved', () => {
    const experiment = { seed: 7 };
    const view = { discretize: true, nonsense: 1 };
    put({ id: 'abc', version: 1, experiment, title: 'T', hide: ['noise'], view });
    expect(readShared()).toEqual({
      id: 'abc',
      experiment,
      about: { title: 'T', notes: '' },
      view: { discretize: true, hide: { noise: true } },
      moment: null,
      log: null,
      notes: [],
    });
  });

  it('is a moment with the run that leads there', () => {
    const moment = { step: 9, digest: 'd', platform: 'p', curve: { columns: [], rows: [] } };
    const edit = { kind: 'edit' as const, layer: 0, param: 'b' as const, index: [0], value: 2 };
    const log: RunLog = {
      version: 1,
      experiment: { seed: 7 } as Experiment,
      entries: [
        { kind: 'changed', step: 3, patch: { training: { l2: 1 } } },
        { kind: 'edited', step: 4, edit },
        { kind: 'resumed', step: 5 },
      ],
      step: 9,
      digest: 'd',
      platform: 'p',
    };
    const about = { title: '', notes: '' };
    const changed = { seed: 7, training: { l2: 1 } };
    put({ id: 'abc', ...shareDocument(changed, about, DEFAULT_VIEW, { moment, log }) });
    expect(readShared()).toMatchObject({ experiment: { seed: 7 }, moment, log });
  });

  it('is no run where something unheard of was done to it', () => {
    const moment = { step: 9, digest: 'd', platform: 'p' };
    put({ id: 'abc', experiment: {}, moment, log: [{ step: 1, command: { kind: 'dance' } }] });
    expect(readShared()).toMatchObject({ moment, log: null });
  });

  it('is a sentence where there is no such link', () => {
    put({ error: 'There is no such link.' });
    expect(readShared()).toMatchObject({ id: '', notes: ['There is no such link.'] });
  });
});

it('hides what an address hides in the way of TensorFlow Playground', () => {
  expect(hiddenBy('?embed=1&playButton_hide=true&noise_hide=false&hideText=true')).toEqual({
    hide: { playButton: true },
    hideText: true,
  });
  expect(hiddenBy('')).toEqual({ hide: {} });
});

it('is read back as it was made', () => {
  const about = { title: 'T', notes: 'N' };
  const view = { ...DEFAULT_VIEW, contours: true, hide: { noise: true, problem: false } };
  put({ id: 'abc', ...shareDocument({ seed: 3 }, about, view, null) });
  const { experiment, about: words, view: seen } = readShared() ?? {};
  expect({ experiment, words, seen }).toMatchObject({
    experiment: { seed: 3 },
    words: about,
    seen: { contours: true, hide: { noise: true } },
  });
});

it('names the frame by the title, whatever is in it', () => {
  const page = document.createElement('div');
  page.innerHTML = frameOf('https://x.example/e/abc', '"><script>alert(1)</script> & more');
  const [frame] = page.children;
  expect(page.children).toHaveLength(1);
  expect(frame?.getAttribute('src')).toBe('https://x.example/e/abc?embed=1');
  expect(frame?.getAttribute('title')).toBe('"><script>alert(1)</script> & more');
});

it('hides in the frame what an address hides', () => {
  const page = document.createElement('div');
  page.innerHTML = frameOf('https://x.example/e/abc', '', ['notSo', 'sinX', 'hideText']);
  const { search } = new URL(page.children[0]?.getAttribute('src') ?? '');
  expect(search).toContain('embed=1');
  expect(hiddenBy(search)).toEqual({ hide: { notSo: true, sinX: true }, hideText: true });
});
