// The page around the text: header, navigation, contents, the pages before and after, footer.
import type { Page } from '../pages/page.ts';
import { escapeHtml, htmlPath, relativeUrl } from './html.ts';
import { LOGO } from './logo.ts';
import { type NavigationGroup, neighbours } from './navigation.ts';
import { titleOf } from './sections.ts';
import type { SiteSettings } from './settings.ts';

export interface LayoutOptions {
  readonly page: Page;
  /** The page's text as HTML. */
  readonly body: string;
  readonly settings: SiteSettings;
  readonly groups: readonly NavigationGroup[];
  readonly pages: ReadonlyMap<string, Page>;
}

/** Headings of these depths are in the contents of a page. */
const CONTENTS = [2, 3];

/** Before anything is drawn: the choice of light or dark that was made on an earlier page, and that scripts run. */
const FIRST_SCRIPT =
  "(d=>{d.classList.add('js');try{const t=localStorage.getItem('theme');if(t)d.dataset.theme=t}catch{}})(document.documentElement)";

const ICONS = {
  search: '<path d="m20 20-4.5-4.5"/><circle cx="10.5" cy="10.5" r="6.5"/>',
  theme: '<circle cx="12" cy="12" r="8"/><path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor"/>',
  menu: '<path d="M4 7h16M4 12h16M4 17h16"/>',
} as const;

const icon = (name: keyof typeof ICONS) =>
  `<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round">${ICONS[name]}</svg>`;

/** The whole document. */
export function layOut(options: LayoutOptions): string {
  const { page, body, settings } = options;
  const here = htmlPath(page.path, settings.home);
  const to = (path: string) => escapeHtml(relativeUrl(here, path));
  const isHome = page.path === settings.home;
  const title = isHome ? settings.title : `${titleOf(page)} · ${settings.title}`;
  // The way to the site's root, with which scripts find the index: empty, or `../`.
  const root = '../'.repeat(here.split('/').length - 1);
  const contents = contentsOf(page);
  return `<!doctype html>
<html lang="en" data-root="${root}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="${to('icon.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${to('style.css')}">
<script>${FIRST_SCRIPT}</script>
<script src="${to('site.js')}" defer></script>
</head>
<body${isHome ? ' class="home"' : ''}>
<a class="skip" href="#content">Skip to the text</a>
<header class="top">
<input type="checkbox" id="menu" class="hidden" aria-label="Menu of pages">
<label class="icon" for="menu" title="Menu">${icon('menu')}</label>
<a class="brand" href="${to('index.html')}">${LOGO}${escapeHtml(settings.title)}</a>
<div id="search" role="search" hidden>
${icon('search')}
<input type="search" role="combobox" placeholder="Search" aria-label="Search" aria-expanded="false" aria-controls="found" aria-autocomplete="list" autocomplete="off" spellcheck="false"><kbd aria-hidden="true">/</kbd>
<div class="found" hidden><div id="found" role="listbox" aria-label="Found"></div><p role="status"></p></div>
</div>
<button type="button" id="theme" class="icon" aria-label="Dark colours" title="Light or dark" hidden>${icon('theme')}</button>
</header>
<div class="columns">
<nav class="pages" aria-label="Pages">${navigation(options, here)}</nav>
<main id="content">
${contents === '' ? '' : `<details class="contents"><summary>On this page</summary>${contents}</details>`}
<article>
${body}</article>
${beside(options, here)}
</main>
${contents === '' ? '' : `<nav class="contents" aria-label="On this page"><p>On this page</p>${contents}</nav>`}
</div>
<footer>${escapeHtml(settings.title)} is open source under the Apache License 2.0.</footer>
</body>
</html>
`;
}

function navigation({ groups, pages, page, settings }: LayoutOptions, here: string): string {
  const link = (path: string) => {
    const target = pages.get(path);
    const title = path === settings.home ? 'Overview' : target === undefined ? path : titleOf(target);
    const current = path === page.path ? ' aria-current="page"' : '';
    return `<li><a href="${escapeHtml(relativeUrl(here, htmlPath(path, settings.home)))}"${current}>${escapeHtml(title)}</a></li>`;
  };
  return groups
    .map(({ title, pages: paths }) => `<p>${escapeHtml(title)}</p>\n<ul>${paths.map(link).join('\n')}</ul>`)
    .join('\n');
}

/** The headings of the page, with those below others in lists of their own. */
function contentsOf(page: Page): string {
  const shown = page.headings.filter(({ depth }) => CONTENTS.includes(depth));
  if (shown.length < 2) return '';
  const items = shown.map(
    ({ depth, text, anchor }) =>
      `<li class="depth-${depth}"><a href="#${escapeHtml(anchor)}">${escapeHtml(plain(text))}</a></li>`,
  );
  return `<ul>${items.join('\n')}</ul>`;
}

/** Headings without the marks of links. */
const plain = (text: string) => text.replace(/\[([^\]]*)\](\([^)]*\)|\[[^\]]*\])/g, '$1');

function beside({ groups, pages, page, settings }: LayoutOptions, here: string): string {
  const { previous, next } = neighbours(groups, page.path);
  const link = (path: string | undefined, kind: 'prev' | 'next', words: string) => {
    const target = path === undefined ? undefined : pages.get(path);
    if (path === undefined || target === undefined) return '';
    const url = escapeHtml(relativeUrl(here, htmlPath(path, settings.home)));
    return `<a class="${kind}" rel="${kind}" href="${url}"><span>${words}</span> ${escapeHtml(titleOf(target))}</a>`;
  };
  return `<nav class="beside" aria-label="Pages before and after">${link(previous, 'prev', 'Previous')}${link(next, 'next', 'Next')}</nav>`;
}
