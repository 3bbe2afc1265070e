// The site of a few small pages: what is made of them, and what is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import MiniSearch from 'minisearch';
import { ToolError } from '../../../lib/errors.ts';
import { copied } from './client/copied.ts';
import { excerpt } from './client/excerpt.ts';
import { highlight } from './highlight.ts';
import { htmlPath, relativeUrl } from './html.ts';
import { SEARCH_OPTIONS } from './search_options.ts';
import { parseSettings, type SiteSettings } from './settings.ts';
import { buildSite, type SiteSources } from './site.ts';

const HOME =
  '# Fathom\n\nIt *does* things.\n\n## Try it\n\n    ./fathom up   # all of it\n\n[a](docs/a.md), [l](LICENSE)\n';

const settings: SiteSettings = {
  title: 'Fathom',
  repository: '',
  home: 'README.md',
  actions: [],
  features: [{ title: 'A', text: 'it is a', page: 'docs/a.md' }],
  groups: [{ title: 'All', pages: ['README.md', 'docs/a.md', 'docs/guides/'] }],
};

function siteOf(
  pages: Readonly<Record<string, string>>,
  other: Partial<SiteSources> = {},
): ReadonlyMap<string, string> {
  return buildSite({
    settings,
    pages: new Map(Object.entries({ 'README.md': HOME, 'docs/a.md': '# A page\n', ...pages })),
    assets: new Set(['docs/x.svg']),
    files: new Set(['LICENSE', 'examples/x']),
    ...other,
  });
}

const pageA = (text: string, other: Partial<SiteSources> = {}) =>
  siteOf({ 'docs/a.md': text }, other).get('docs/a.html') ?? '';

const refused = (run: () => unknown, code: string, message: RegExp) =>
  assert.throws(run, (error) => error instanceof ToolError && error.code === code && message.test(error.message));

test('links between pages lead to pages, from wherever they are', () => {
  const text = '# A\n\n[home](../README.md#try-it) [self](a.md) [b](guides/b.md)\n';
  const files = siteOf({ 'docs/a.md': text, 'docs/guides/b.md': '# B\n\n[up](../a.md) [top](../../README.md)\n' });
  assert.deepEqual([...files.keys()].sort(), [
    'docs/a.html',
    'docs/guides/b.html',
    'icon.svg',
    'index.html',
    'search_index.js',
  ]);
  const a = files.get('docs/a.html') ?? '';
  assert.match(
    a,
    /<a href="\.\.\/index\.html#try-it">home<\/a> <a href="a\.html">self<\/a> <a href="guides\/b\.html">b</,
  );
  const b = files.get('docs/guides/b.html') ?? '';
  assert.match(b, /<a href="\.\.\/a\.html">up<\/a> <a href="\.\.\/\.\.\/index\.html">top</);
  assert.match(b, /<link rel="stylesheet" href="\.\.\/\.\.\/style\.css">/);
  assert.match(b, /<html lang="en" data-root="\.\.\/\.\.\/">/);
});

test('a link to a file of the repository is text, or leads to where that can be looked at', () => {
  const text = '# A\n\n[x](../examples/x)\n';
  assert.match(pageA(text), /<span class="file">x<\/span>/);
  const there = { ...settings, repository: 'https://git.example.com/fathom/tree' };
  assert.match(pageA(text, { settings: there }), /<a href="https:\/\/git\.example\.com\/fathom\/tree\/examples\/x">x</);
});

for (const [what, text, problem] of [
  ['a page that there is not', '# A\n\ntext\n\n[x](b.md)\n', /docs\/a\.md:5: there is no docs\/b\.md/],
  ['a heading that there is not', '# A\n\n[x](../README.md#tr)\n', /docs\/a\.md:3: README\.md has no heading #tr/],
  ['a heading of its own page that there is not', '# A\n\n[x](#b)\n', /docs\/a\.md:3: docs\/a\.md has no heading #b/],
  ['a file that there is not', '# A\n\n[x](../examples/y)\n', /docs\/a\.md:3: there is no examples\/y/],
] as const) {
  test(`a link to ${what} is refused, with page and line`, () => refused(() => pageA(text), 'SITE_LINKS', problem));
}

test('an image is a file of the site', () => {
  assert.match(pageA('# A\n\n![drawn](x.svg)\n'), /<img src="x\.svg" alt="drawn">/);
  const elsewhere = '# A\n\n![drawn](https://example.com/x.svg)\n';
  refused(() => pageA(elsewhere), 'SITE_IMAGE', /docs\/a\.md:3: https:\/\/example\.com\/x\.svg is no file/);
});

test('HTML in a page is refused', () =>
  refused(() => pageA('# A\n\n<script>alert(1)</script>\n'), 'SITE_HTML', /docs\/a\.md:3: /));

test('every page is in the navigation once', () => {
  const group = (pages: readonly string[]) => ({ settings: { ...settings, groups: [{ title: 'All', pages }] } });
  refused(() => siteOf({}, group(['README.md'])), 'SITE_NAVIGATION', /docs\/a\.md is in no group/);
  refused(
    () => siteOf({}, group(['README.md', 'docs/a.md', 'docs/a.md'])),
    'SITE_NAVIGATION',
    /docs\/a\.md is named twice/,
  );
  refused(() => siteOf({}, group(['README.md', 'docs/a.md', 'b.md'])), 'SITE_NAVIGATION', /there is no page b\.md/);
});

test('a page has its contents, and those before and after it', () => {
  const text = '# A `x`\n\n## One\n\n### Deep `code`\n\n## One\n';
  const page = pageA(text);
  assert.match(page, /<title>A x · Fathom<\/title>/);
  assert.match(
    page,
    /<li class="depth-2"><a href="#one">One<\/a><\/li>\n<li class="depth-3"><a href="#deep-code">Deep code</,
  );
  assert.match(page, /<h2 id="one-1">One<a class="anchor" href="#one-1" aria-label="Link to “One”"><\/a><\/h2>/);
  assert.match(page, /<a class="prev" rel="prev" href="\.\.\/index\.html">/);
  assert.match(page, /<a href="a\.html" aria-current="page">A x<\/a>/);
});

test('the first screen has the first paragraph, the first command, and no heading twice', () => {
  const home = siteOf({}).get('index.html') ?? '';
  assert.match(home, /<p class="lead">It <em>does<\/em> things\.<\/p>/);
  assert.match(home, /<a class="primary" href="#try-it">Try it<\/a>/);
  assert.equal(home.match(/<h1/g)?.length, 1);
  assert.equal(home.match(/id="try-it"/g)?.length, 1);
  refused(() => siteOf({ 'README.md': '## Sub\n' }), 'SITE_HOME', /README\.md/);
});

test('text of pages never becomes markup', () => {
  const page = pageA(
    '# A <b> & "c"\n\n`<i>` and a < b\n\n    bazel run //x   # <u>\n\n| <s> |\n| --- |\n| `<q>` |\n'
      .replaceAll('<b>', '`<b>`')
      .replace('| <s> |', '| s |'),
  );
  assert.doesNotMatch(page, /<(b|i|u|q)>/);
  assert.match(page, /&lt;i&gt;/);
});

test('code is coloured by its language, and its text stays', () => {
  const block = (text: string) => ({ path: 'docs/a.md', line: 1, text });
  const plain = (html: string) =>
    html
      .replaceAll(/<[^>]*>/g, '')
      .replaceAll('&#x27;', "'")
      .replaceAll('&quot;', '"');
  for (const [text, language, expected] of [
    [
      'bazel run //x:y -- --to=staging   # why',
      '',
      /hljs-title">bazel<.*hljs-symbol">\/\/x:y<.*hljs-attr">--to<.*hljs-comment"># why</,
    ],
    [
      "local k = import 'k';\n{ a:: k.b(1) }",
      'jsonnet',
      /hljs-keyword">local<.*hljs-string">'k'|hljs-string">&#x27;k/s,
    ],
    ['load("//x:y.bzl", "z")\n\nz(name = "a")', '', /hljs-string/],
    ['apiVersion: v1\nkind: Pod', '', /hljs-attr">apiVersion:</],
    ["import { a } from './b.ts';", '', /hljs-keyword">import</],
    ['{\n  "a": 1\n}', '', /hljs-number">1</],
    ['./fathom up\n\nerror: X_Y: what', '', /hljs-title">\.\/fathom<\/span> up\n\nerror: X_Y: what$/],
    [
      '$ ./fathom up \\\n    --x\nit is # up',
      '',
      /> <\/?span|hljs-title">\.\/fathom<.*hljs-attr">--x<.*\nit is # up$/s,
    ],
    ['nothing known', 'text', /^nothing known$/],
  ] as const) {
    const html = highlight(block(text), language);
    assert.match(html, expected, text);
    assert.equal(plain(html), text);
  }
});

test('the index finds sections by words of theirs', () => {
  const files = siteOf({
    'docs/a.md': '# A\n\nIntro.\n\n## Registry\n\n- a `k8s_test`\n\n| x |\n| --- |\n| squid |\n',
  });
  const [, json = ''] = /^globalThis\.fathomSearchIndex=(.*);\n$/.exec(files.get('search_index.js') ?? '') ?? [];
  const search = MiniSearch.loadJSON(String(JSON.parse(json)), SEARCH_OPTIONS);
  for (const query of ['squid', 'k8s_test', 'regis', 'regitsry'])
    assert.equal(search.search(query)[0]?.['url'], 'docs/a.html#registry', query);
});

test('what was found is shown with the words around it', () => {
  const text = `${'before '.repeat(20)}the squid swims ${'after '.repeat(40)}`;
  const shown = excerpt(text, ['squid']);
  assert.deepEqual(
    shown.filter(([, isHit]) => isHit),
    [['squid', true]],
  );
  assert.ok(shown.map(([part]) => part).join('').length < 170);
  assert.deepEqual(excerpt('short', []), [['short', false]]);
});

test('of a session the commands are copied', () => {
  assert.equal(copied('bazel run //x\n'), 'bazel run //x');
  assert.equal(copied('$ bazel run //x \\\n    -- --y\nit ran\n\n$ ls\n'), 'bazel run //x \\\n    -- --y\nls');
});

test('the same pages make the same bytes, in whatever order they come', () => {
  const pages = new Map([
    ['docs/a.md', '# A\n'],
    ['README.md', HOME],
  ]);
  const once = buildSite({ settings, pages, assets: new Set(), files: new Set(['LICENSE']) });
  const again = buildSite({
    settings,
    pages: new Map([...pages].reverse()),
    assets: new Set(),
    files: new Set(['LICENSE']),
  });
  assert.deepEqual([...once], [...again]);
});

test('settings that are wrong are refused', () => {
  const text = (change: object) => JSON.stringify({ ...settings, ...change });
  assert.deepEqual(parseSettings(text({}), 'docs/site.json'), settings);
  refused(() => parseSettings('{', 'docs/site.json'), 'SITE_SETTINGS', /docs\/site\.json: it is no JSON/);
  refused(
    () => parseSettings(text({ groups: [{ title: 1 }] }), 'x'),
    'SITE_SETTINGS',
    /pages of groups\[0\] is no list/,
  );
  refused(() => parseSettings(text({ repository: 'javascript:1' }), 'x'), 'SITE_SETTINGS', /https/);
});

test('addresses are relative', () => {
  assert.equal(relativeUrl('docs/a.html', 'index.html'), '../index.html');
  assert.equal(relativeUrl('index.html', 'docs/a b.html'), 'docs/a%20b.html');
  assert.equal(htmlPath('README.md', 'README.md'), 'index.html');
  assert.equal(htmlPath('tools/README.md', 'README.md'), 'tools/README.html');
});
