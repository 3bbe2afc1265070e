// The first screen of the site: what the first page begins with, how it is tried, and what there is to read.
import { Marked, type Token } from 'marked';
import { ToolError } from '../../../lib/errors.ts';
import type { Page } from '../pages/page.ts';
import { highlight } from './highlight.ts';
import { escapeHtml, htmlPath, relativeUrl } from './html.ts';
import { LOGO } from './logo.ts';
import { renderPage, type Targets } from './render.ts';
import type { SiteSettings } from './settings.ts';

/** The HTML of the first page. Throws SITE_HOME where it does not begin with a title and a paragraph. */
export function renderHome(page: Page, targets: Targets, settings: SiteSettings): string {
  const isText = ({ type }: Token) => type !== 'space';
  const first = page.tokens.findIndex(isText);
  const second = page.tokens.findIndex((token, index) => index > first && isText(token));
  const [title, intro] = [page.tokens[first], page.tokens[second]];
  const [block] = page.blocks;
  const [, start] = page.headings;
  if (title?.type !== 'heading' || intro?.type !== 'paragraph' || block === undefined || start === undefined) {
    throw new ToolError('SITE_HOME', `Reading ${page.path}: it does not begin with a title and a paragraph`, {
      hint: 'The first screen shows these, the first block of code, and a link to the first section.',
    });
  }
  const here = htmlPath(page.path, settings.home);
  const features = settings.features.map(({ title, text, page: path }) => {
    const url = escapeHtml(relativeUrl(here, htmlPath(path, settings.home)));
    return `<li><a href="${url}"><strong>${escapeHtml(title)}</strong> <span>${escapeHtml(text)}</span></a></li>`;
  });
  const actions = settings.actions.map(({ title, page: path }) => {
    const url = escapeHtml(relativeUrl(here, htmlPath(path, settings.home)));
    return `<a href="${url}">${escapeHtml(title)}</a>`;
  });
  const inline = new Marked().parseInline(String(intro['text']), { async: false });
  return `<section class="hero">
<h1>${LOGO}${escapeHtml(settings.title)}</h1>
<p class="lead">${inline}</p>
<p class="actions"><a class="primary" href="#${escapeHtml(start.anchor)}">${escapeHtml(start.text)}</a>${actions.join('')}</p>
<pre tabindex="0"><code>${highlight(block, '')}
</code></pre>
</section>
<ul class="features">
${features.join('\n')}
</ul>
${renderPage(page, targets, second + 1)}`;
}
