// The site as people see it: every page in a browser, wide and on a phone, light and dark, with scripts and without.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { accessibilityProblems, type Page, startBrowser, type TestBrowser } from '../../../browser/index.ts';
import { runfile } from '../../../lib/runfiles.ts';
import { type FolderServer, serveFolder } from './server.ts';

const folder = runfile('fathom/docs/site');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
const pages = files.filter((name) => name.endsWith('.html'));

let browser: TestBrowser;
let server: FolderServer;

before(async () => {
  server = await serveFolder(folder, 0);
  browser = await startBrowser();
});

after(async () => {
  await browser[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** How many pixels the page can be scrolled sideways. */
const overflow = (page: Page) =>
  page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');

/** Addresses that a page links to or loads, as the browser resolves them. */
const linksOf = (page: Page) =>
  page.evaluate<string[]>(
    `[...document.querySelectorAll('[href], [src]')].map((element) => element.href || element.src)`,
  );

/** The part of an address below the server's; undefined: it is elsewhere. */
const below = (url: string, base: string) => (url.startsWith(base) ? url.slice(base.length) : undefined);

test('has the pages of the repository', () => {
  for (const name of ['index.html', 'docs/rules.html', 'docs/errors.html', 'CHANGELOG.html', 'tools/README.html'])
    assert.ok(pages.includes(name), `${name}: ${pages.join(' ')}`);
});

for (const { width, colorScheme } of [
  { width: 1280, colorScheme: 'light' },
  { width: 360, colorScheme: 'dark' },
  { width: 1280, colorScheme: 'dark' },
  { width: 360, colorScheme: 'light' },
] as const) {
  test(`reads well at ${width} pixels, ${colorScheme}`, async () => {
    await using opened = await browser.openPage({ width, colorScheme });
    const problems: string[] = [];
    for (const name of pages) {
      await opened.page.goto(server.url + name);
      const wide = await overflow(opened.page);
      if (wide > 0) problems.push(`${name}: it is ${wide} pixels too wide`);
      for (const problem of await accessibilityProblems(opened.page)) problems.push(`${name}: ${problem}`);
    }
    assert.deepEqual([...problems, ...opened.errors, ...opened.outside], []);
  });
}

test('has no link or anchor that leads nowhere', async () => {
  // Without scripts: what is there by itself.
  await using opened = await browser.openPage({ javaScript: false });
  const anchors = new Map<string, ReadonlySet<string>>();
  const links = new Map<string, readonly string[]>();
  for (const name of pages) {
    await opened.page.goto(server.url + name);
    const ids = await opened.page.locator('[id]').all();
    assert.ok(ids.length > 0, name);
    anchors.set(
      name,
      new Set(await opened.page.evaluate<string[]>(`[...document.querySelectorAll('[id]')].map(({ id }) => id)`)),
    );
    links.set(name, await linksOf(opened.page));
  }
  const problems = [...links].flatMap(([name, urls]) =>
    urls.flatMap((url) => {
      const path = below(url, server.url);
      if (path === undefined) return /^https?:\/\//.test(url) ? [] : [`${name}: ${url}`];
      const [file = '', anchor] = path.split('#');
      const isThere = files.includes(decodeURIComponent(file));
      if (!isThere) return [`${name}: there is no ${file}`];
      const known = anchors.get(file);
      return anchor === undefined || known?.has(decodeURIComponent(anchor)) === true
        ? []
        : [`${name}: ${file} has no #${anchor}`];
    }),
  );
  assert.deepEqual(problems, []);
  assert.deepEqual([...opened.errors, ...opened.outside], []);
});

test('names no other host in what it loads', () => {
  for (const name of files.filter((file) => /\.(css|js|html|svg)$/.test(file))) {
    const text = readFileSync(join(folder, name), 'utf8');
    assert.doesNotMatch(
      text,
      /(?:src|srcset)="(?:https?:)?\/\/|url\(\s*['"]?(?:https?:)?\/\/|@import\s+(?:url\()?["']?(?:https?:)?\/\//,
      name,
    );
    if (name.endsWith('.html')) assert.doesNotMatch(text, /<link[^>]*href="(?:https?:)?\/\//, name);
  }
});

test('search finds a word, and leads to its section', async () => {
  await using opened = await browser.openPage();
  const { page } = opened;
  await page.goto(`${server.url}docs/pins.html`);
  await page.keyboard.press('/');
  await page.keyboard.type('PACKAGE_UNREACHABLE');
  const option = page.locator('#found [role="option"]').first();
  await option.waitFor();
  assert.match((await option.getAttribute('href')) ?? '', /^\.\.\/docs\/(errors|packages)\.html/);
  // The list is readable too.
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/docs\/(errors|packages)\.html/);
  assert.match(await page.locator('article').innerText(), /PACKAGE_UNREACHABLE/);
  assert.deepEqual([...opened.errors, ...opened.outside], []);
});

test('search says where it finds nothing, and goes away', async () => {
  await using opened = await browser.openPage({ width: 360 });
  const { page } = opened;
  await page.goto(`${server.url}index.html`);
  await page.locator('#search input').fill('qqqzzzxxx');
  await page.getByText('Nothing found for “qqqzzzxxx”').waitFor();
  assert.equal(await overflow(page), 0);
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.found').isVisible(), false);
});

test('the switch changes colours, and the choice holds on the next page', async () => {
  await using opened = await browser.openPage({ colorScheme: 'light' });
  const { page } = opened;
  const background = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
  await page.goto(`${server.url}index.html`);
  const light = await background();
  assert.equal(light, 'rgb(255, 255, 255)');
  await page.getByRole('button', { name: 'Dark colours' }).click();
  const dark = await background();
  assert.notEqual(dark, light);
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.goto(`${server.url}docs/pins.html`);
  assert.equal(await background(), dark);
  assert.equal(await page.getByRole('button', { name: 'Dark colours' }).getAttribute('aria-pressed'), 'true');
});

test('goes by what the system says without the switch', async () => {
  await using opened = await browser.openPage({ colorScheme: 'dark', javaScript: false });
  await opened.page.goto(`${server.url}index.html`);
  assert.equal(await opened.page.getByRole('button').count(), 0);
  assert.equal(await opened.page.locator('#search').isVisible(), false);
  assert.ok(await opened.page.locator('nav.pages').isVisible());
});

test('the menu of a phone opens by keys, without scripts', async () => {
  await using opened = await browser.openPage({ width: 360, javaScript: false });
  const { page } = opened;
  await page.goto(`${server.url}docs/pins.html`);
  const menu = page.locator('nav.pages');
  assert.equal(await menu.isVisible(), false);
  // The first stop of the Tab key skips to the text, the second is the menu.
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  assert.equal(await menu.isVisible(), true);
  await menu.getByRole('link', { name: 'Architecture' }).click();
  await page.waitForURL(/architecture\.html$/);
});

test('works as files', async () => {
  await using opened = await browser.openPage();
  const { page } = opened;
  await page.goto(pathToFileURL(join(folder, 'index.html')).href);
  await page.getByRole('link', { name: 'How it works' }).click();
  await page.waitForURL(/docs\/architecture\.html$/);
  await page.locator('#search input').fill('kubeconfig');
  await page.locator('#found [role="option"]').first().click();
  await page.waitForURL(/^file:.*\.html/);
  assert.deepEqual([...opened.errors, ...opened.outside], []);
});

test('wide code and tables scroll by keys', async () => {
  await using opened = await browser.openPage({ width: 360 });
  const { page } = opened;
  await page.goto(`${server.url}docs/errors.html`);
  const table = page.locator('.table').first();
  assert.ok(
    await page.evaluate<boolean>(
      `(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)(document.querySelector('.table'))`,
    ),
  );
  await table.focus();
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction(`document.querySelector('.table').scrollLeft > 0`);
});

test('a page that there is not is not found', async () => {
  const { status } = await fetch(`${server.url}../../etc/passwd`, { signal: AbortSignal.timeout(10_000) });
  assert.equal(status, 404);
  assert.ok(existsSync(join(folder, 'search_index.js')));
});
