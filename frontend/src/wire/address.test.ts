import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Experiment } from '../types';
import { DEFAULT_VIEW, readAddress, viewFrom, writeAddress } from './address';

const experiment = {
  version: 1,
  data: { dataset: { kind: 'formula', formula: 'sin(x) · π' }, features: ['x'] },
  seed: 7,
} as unknown as Experiment;

describe('address', () => {
  it('gives back the experiment and the view it was written from', () => {
    const view = { ...DEFAULT_VIEW, discretize: true, hide: { noise: true }, surfaceClass: 2 };
    const read = readAddress(writeAddress(experiment, view));
    expect(read).toEqual({
      kind: 'experiment',
      experiment,
      view: { discretize: true, hide: { noise: true }, surfaceClass: 2 },
      about: null,
    });
  });

  it('carries words about it', () => {
    const about = { title: 'π & <b>', notes: '# λ\n\n*read*' };
    const hash = writeAddress(experiment, DEFAULT_VIEW, about);
    expect(readAddress(hash)).toMatchObject({ about });
    expect(hash).toMatch(/^#x=[\w-]+&a=[\w-]+$/);
    expect(writeAddress(experiment, DEFAULT_VIEW, { title: '', notes: '' })).not.toContain('&a=');
    expect(readAddress(`#x=${hash.slice(3).split('&')[0]}&a=e30`)).toMatchObject({
      about: { title: '', notes: '' },
    });
  });

  it('of every version there was is read', () => {
    const folder = '../tests/store/fixtures';
    const files = readdirSync(folder).filter((name) => name.startsWith('portable-'));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const address = readAddress(readFileSync(`${folder}/${file}`, 'utf8').trim());
      expect(address).toMatchObject({
        kind: 'experiment',
        experiment: { seed: 7, data: { dataset: { kind: 'spiral', noise: 5 } } },
        view: { discretize: true, hide: { noise: true } },
        about: { title: 'Two spirals', notes: '# Try this — λ' },
      });
    }
  });

  it('says nothing of a view that is the default', () => {
    expect(writeAddress(experiment, DEFAULT_VIEW)).not.toContain('&v=');
  });

  it('needs no escaping in an address', () => {
    const hash = writeAddress(experiment, { ...DEFAULT_VIEW, contours: true });
    expect(new URL(hash, 'http://localhost/').hash).toBe(hash);
    expect(hash).toMatch(/^#x=[\w-]+&v=[\w-]+$/);
  });

  it('hands a TensorFlow Playground address to the server whole', () => {
    for (const query of ['activation=relu&networkShape=8,8', 'x=true&y=false&problem=regression'])
      expect(readAddress(`#${query}`)).toEqual({ kind: 'playground', query });
  });

  it('reads no address as the default experiment', () => {
    expect(readAddress('')).toEqual({ kind: 'empty' });
    expect(readAddress('#')).toEqual({ kind: 'empty' });
    expect(readAddress('#outcome')).toEqual({ kind: 'empty' });
  });

  it('says so when an address was cut off', () => {
    const hash = writeAddress(experiment, DEFAULT_VIEW);
    expect(readAddress(hash.slice(0, -9)).kind).toBe('broken');
    expect(readAddress('#x=%%%').kind).toBe('broken');
    expect(readAddress('#x=MTI').kind).toBe('broken'); // the number 12
  });
});

describe('viewFrom', () => {
  it('reads what a translated playground address says', () => {
    const said = { show_test_data: true, hide_text: false, hide: { problem: true, noise: false } };
    expect(viewFrom({ ...said, tutorial: null, notes: [] })).toEqual({
      showTestData: true,
      hideText: false,
      hide: { problem: true },
    });
  });

  it('drops what is no view setting', () => {
    expect(viewFrom({ discretize: 'yes', contours: true, nonsense: 1 })).toEqual({
      contours: true,
    });
  });
});
