import { expect, it } from 'vitest';
import type { Schema } from '../types';
import { reads, readsTokens, widthField } from './facts';

const kind = (node: Schema) => ({ kind: 'a', title: 'A', help: '', formula: '', source: '', node });
const integer = { type: 'integer', minimum: 1, maximum: 8 };

it('knows by which field a layer is as wide as one likes', () => {
  expect(widthField({}, { properties: { filters: integer } })).toBe('filters');
  expect(widthField({}, { properties: { units: integer, filters: integer } })).toBe('units');
  expect(widthField({}, { properties: { pool_size: integer } })).toBeNull();
});

it('knows what a layer reads', () => {
  expect(reads(kind({ 'x-reads': [2, 3] }))).toEqual([2, 3]);
  expect(reads(kind({}))).toEqual([]);
  expect(readsTokens({}, kind({ properties: { tokens: integer } }))).toBe(true);
  expect(readsTokens({}, kind({ properties: {} }))).toBe(false);
});
