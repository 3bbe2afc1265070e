import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { accessibilityProblems, startBrowser, type TestBrowser } from './index.ts';

const PAGES: Readonly<Record<string, string>> = {
  '/': '<!doctype html><html lang="en"><title>Home</title><main><h1>Hello</h1><p id="out"></p></main>',
  '/pale': '<!doctype html><html lang="en"><title>Pale</title><main><h1 style="color:#bbb">Hello</h1></main>',
  '/outside':
    '<!doctype html><title>x</title><img src="http://192.0.2.1/a.png"><script src="https://example.com/b.js"></script>',
  '/broken': '<!doctype html><title>x</title><script src="gone.js"></script><script>missing()</script>',
};

const server = createServer(({ url = '/' }, response) => {
  const body = PAGES[url];
  response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'text/html' }).end(body);
});
let browser: TestBrowser;
let address: string;

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await startBrowser();
});

after(async () => {
  await browser[Symbol.asyncDispose]();
  server.closeAllConnections();
  server.close();
});

test('shows a page of the loopback, and runs its scripts', async () => {
  await using opened = await browser.openPage({ width: 360, colorScheme: 'dark' });
  await opened.page.goto(address);
  assert.equal(await opened.page.locator('h1').innerText(), 'Hello');
  assert.equal(await opened.page.evaluate('innerWidth'), 360);
  assert.equal(await opened.page.evaluate(`matchMedia('(prefers-color-scheme: dark)').matches`), true);
  // The browser asks for an icon by itself.
  assert.deepEqual([opened.errors.filter((line) => !line.includes('favicon')), opened.outside], [[], []]);
});

test('draws with the fonts of the package', async () => {
  await using opened = await browser.openPage();
  await opened.page.goto(address);
  const widths = await opened.page.evaluate<number[]>(`
    ['monospace', '"DejaVu Sans Mono"', 'system-ui', '"Open Sans"'].map((font) => {
      const context = document.createElement('canvas').getContext('2d');
      context.font = '20px ' + font;
      return context.measureText('iiiiiWWWWW').width;
    })`);
  const [generic = 0, mono, ui, openSans] = widths;
  assert.ok(generic > 0);
  assert.equal(generic, mono);
  assert.equal(ui, openSans);
  assert.notEqual(mono, openSans);
});

test('notes requests to other machines, which fail', async () => {
  await using opened = await browser.openPage();
  await opened.page.goto(`${address}/outside`);
  assert.deepEqual([...opened.outside].sort(), ['http://192.0.2.1/a.png', 'https://example.com/b.js']);
  await assert.rejects(opened.page.goto('http://example.com/'));
});

test('notes errors', async () => {
  await using opened = await browser.openPage();
  await opened.page.goto(`${address}/broken`);
  assert.match(opened.errors.join('\n'), /gone\.js: .*404/);
  assert.match(opened.errors.join('\n'), /missing is not defined/);
});

test('finds text that is hard to read', async () => {
  await using opened = await browser.openPage();
  await opened.page.goto(address);
  assert.deepEqual(await accessibilityProblems(opened.page), []);
  await opened.page.goto(`${address}/pale`);
  assert.match((await accessibilityProblems(opened.page)).join('\n'), /^color-contrast: h1: .*1\.9/);
});

test('gives up on what never comes', async () => {
  await using opened = await browser.openPage({ timeoutMs: 300 });
  await assert.rejects(opened.page.locator('#never').click(), /Timeout 300ms exceeded/);
});

test('runs no script where none shall run', async () => {
  await using opened = await browser.openPage({ javaScript: false });
  await opened.page.setContent('<p id="a">none</p><script>document.getElementById("a").textContent = "some"</script>');
  assert.equal(await opened.page.locator('#a').innerText(), 'none');
});
