import MarkdownIt from 'markdown-it';

/** Raw HTML stays text, addresses are of the web, pictures are their words (the page loads none). */
const markdown = new MarkdownIt({ html: false, linkify: true }).disable('image');
const HEADINGS_BEFORE = 2; // the page's own

for (const rule of ['heading_open', 'heading_close'] as const)
  markdown.renderer.rules[rule] = (tokens, index, options, _, self) => {
    const token = tokens[index];
    if (token) token.tag = `h${Math.min(6, Number(token.tag.slice(1)) + HEADINGS_BEFORE)}`;
    return self.renderToken(tokens, index, options);
  };

markdown.renderer.rules.link_open = (tokens, index, options, _, self) => {
  tokens[index]?.attrSet('target', '_blank');
  tokens[index]?.attrSet('rel', 'noopener noreferrer nofollow ugc');
  return self.renderToken(tokens, index, options);
};

/** Notes as HTML that is safe to show. */
export const render = (notes: string): string => markdown.render(notes);
