// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { render } from './markdown';

const shown = (notes: string): HTMLElement => {
  const page = document.createElement('div');
  page.innerHTML = render(notes);
  return page;
};

describe('notes', () => {
  it('are Markdown, under the headings of the page', () => {
    const page = shown('# Try this\n\n- *one*\n- `two`\n\n| a | b |\n|---|---|\n| 1 | 2 |');
    expect(page.querySelector('h3')?.textContent).toBe('Try this');
    expect(page.querySelectorAll('li')).toHaveLength(2);
    expect(page.querySelector('td')?.textContent).toBe('1');
  });

  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<iframe src="//x"></iframe>',
    '[a](javascript:alert(1))',
    '[a](data:text/html,<script>alert(1)</script>)',
    '![a](javascript:alert(1))',
    '![a](https://example.org/x.png "t")',
    '<a href="javascript:alert(1)">a</a>',
    '[a](vbscript:x)',
    '`</code><svg onload=alert(1)>`',
    '[a](https://example.org "onmouseover=alert(1)")',
    '<style>* { display: none }</style>',
  ])('of a stranger do no harm: %s', (notes) => {
    const page = shown(notes);
    const tags = new Set([...page.querySelectorAll('*')].map((node) => node.localName));
    for (const tag of tags) expect(['p', 'a', 'code']).toContain(tag);
    for (const node of page.querySelectorAll('*'))
      for (const name of node.getAttributeNames())
        expect(['href', 'target', 'rel', 'title']).toContain(name);
    for (const link of page.querySelectorAll('a'))
      expect(link.getAttribute('href')).toMatch(/^https:/);
  });

  it('open their links beside the page, without telling who they are from', () => {
    const link = shown('[docs](https://example.org/a)').querySelector('a');
    expect(link?.target).toBe('_blank');
    expect(link?.rel).toContain('noopener');
    expect(link?.rel).toContain('noreferrer');
  });
});
