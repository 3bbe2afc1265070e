import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { renderError } from '../../lib/cli.ts';
import { sendBytes, startLoopback } from '../testing/loopback.ts';
import { cachedPath, download, type DownloadOptions } from './download.ts';

const BYTES = Buffer.alloc(300_000, 'content of a package, ');
const FLIPPED = Buffer.from(BYTES);
FLIPPED[1234] = 0;
const hex = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const PINNED = { file: 'a_1.deb', sha256: hex(BYTES) };

function options(sources: readonly string[], more: Partial<DownloadOptions> = {}): DownloadOptions {
  const cache = mkdtempSync(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'cache-'));
  return { sources, cache, signal: AbortSignal.timeout(30_000), goneHint: 'Pin anew.', baseMs: 1, ...more };
}

test('keeps a file for all workspaces: the second asks nobody', async () => {
  await using server = await startLoopback({ '/a': BYTES });
  const asking = options([`${server.url}/a`]);
  const path = await download(PINNED, asking);
  assert.equal(await download(PINNED, asking), path);
  assert.deepEqual(readFileSync(path), BYTES);
  assert.deepEqual(server.asked, ['/a']);
  assert.deepEqual(readdirSync(dirname(path)), ['a_1.deb'], 'no part is left');
});

/** Sends the beginning, and breaks the connection once the client has put some of it on disk. */
function breakAfterBeginning(response: ServerResponse, cache: string): void {
  const folder = dirname(cachedPath(cache, PINNED));
  response.writeHead(200, { 'content-length': BYTES.length });
  response.write(BYTES.subarray(0, 100_000));
  const timer = setInterval(() => {
    if (!readdirSync(folder).some((name) => statSync(join(folder, name)).size > 0)) return;
    clearInterval(timer);
    response.destroy();
  }, 1);
}

test('resumes where the connection broke', async () => {
  const { cache } = options([]);
  await using server = await startLoopback({
    '/a': (request, response, count) =>
      count > 0 ? sendBytes(request, response, BYTES) : breakAfterBeginning(response, cache),
  });
  assert.deepEqual(readFileSync(await download(PINNED, options([`${server.url}/a`], { cache }))), BYTES);
  const [first, second] = server.asked;
  assert.equal(first, '/a');
  assert.match(second ?? '', /^\/a bytes=[1-9]\d*-$/);
});

test('takes the whole file from a server that knows no ranges', async () => {
  const { cache } = options([]);
  await using server = await startLoopback({
    '/a': (_request, response, count) => {
      if (count === 0) return breakAfterBeginning(response, cache);
      response.writeHead(200, { 'content-length': BYTES.length }).end(BYTES);
    },
  });
  assert.deepEqual(readFileSync(await download(PINNED, options([`${server.url}/a`], { cache }))), BYTES);
});

test('continues what a process that was killed had received', async () => {
  await using server = await startLoopback({ '/a': BYTES });
  const asking = options([`${server.url}/a`]);
  writePart(asking.cache, BYTES.subarray(0, 250_000));
  await download(PINNED, asking);
  assert.deepEqual(server.asked, ['/a bytes=250000-']);
});

test('starts again where what was received before is of another file', async () => {
  await using server = await startLoopback({ '/a': BYTES });
  const asking = options([`${server.url}/a`]);
  writePart(asking.cache, FLIPPED.subarray(0, 250_000));
  assert.deepEqual(readFileSync(await download(PINNED, asking)), BYTES);
  assert.deepEqual(server.asked, ['/a bytes=250000-', '/a']);
});

/** What a process that has ended left. */
function writePart(cache: string, bytes: Uint8Array): void {
  const path = cachedPath(cache, PINNED);
  mkdirSync(dirname(path), { recursive: true });
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  writeFileSync(`${path}.part.${pid}`, bytes);
}

test('tries again while a source is overloaded, and not for ever', async () => {
  const busy = (ends: number) =>
    startLoopback({
      '/a': (request, response, count) =>
        count < ends ? void response.writeHead(503).end() : sendBytes(request, response, BYTES),
    });
  await using twice = await busy(2);
  await download(PINNED, options([`${twice.url}/a`]));
  assert.equal(twice.asked.length, 3);
  await using always = await busy(1000);
  const asking = options([`${always.url}/a`], { attempts: 3 });
  await assert.rejects(download(PINNED, asking), { code: 'PACKAGE_UNREACHABLE', message: /a_1\.deb.*503/ });
  assert.equal(always.asked.length, 3);
});

test('gives up on a source that sends nothing', async () => {
  await using server = await startLoopback({ '/a': () => undefined });
  const asking = options([`${server.url}/a`], { attempts: 1, idleMs: 20 });
  await assert.rejects(download(PINNED, asking), { code: 'PACKAGE_UNREACHABLE', message: /sent nothing/ });
});

test('refuses a changed byte, with file, expected and found hash, and keeps nothing of it', async () => {
  await using server = await startLoopback({ '/a': FLIPPED });
  const asking = options([`${server.url}/a`]);
  await assert.rejects(download(PINNED, asking), {
    code: 'PACKAGE_CHANGED',
    message: `Fetching a_1.deb from ${server.url}/a: expected sha256:${PINNED.sha256}, found sha256:${hex(FLIPPED)}`,
  });
  assert.deepEqual(readdirSync(dirname(cachedPath(asking.cache, PINNED))), []);
});

test('takes the next source where one has another file, or none', async () => {
  await using server = await startLoopback({ '/changed': FLIPPED, '/a': BYTES });
  const sources = ['gone', 'changed', 'a'].map((path) => `${server.url}/${path}`);
  assert.deepEqual(readFileSync(await download(PINNED, options(sources))), BYTES);
  assert.deepEqual(server.asked, ['/gone', '/changed', '/a']);
});

test('names each source of a file that is gone, and what to do', async () => {
  await using server = await startLoopback({
    '/removed': (_request, response) => void response.writeHead(410).end(),
  });
  const asking = options([`${server.url}/absent`, `${server.url}/removed`, pathToFileURL('/nonexistent/a').href]);
  await assert.rejects(download(PINNED, asking), {
    code: 'PACKAGE_GONE',
    message: /a_1\.deb.*\/absent: 404.*\/removed: 410.*ENOENT/,
    hint: 'Pin anew.',
  });
});

test('says who cannot be reached', async () => {
  const server = await startLoopback({});
  await server[Symbol.asyncDispose]();
  const asking = options([`${server.url}/a`], { attempts: 1 });
  await assert.rejects(download(PINNED, asking), {
    code: 'PACKAGE_UNREACHABLE',
    message: /127\.0\.0\.1.*ECONNREFUSED/,
  });
});

test('fetches anew what was damaged in the cache', async () => {
  await using server = await startLoopback({ '/a': BYTES });
  const asking = options([`${server.url}/a`]);
  const path = await download(PINNED, asking);
  writeFileSync(path, FLIPPED);
  assert.deepEqual(readFileSync(await download(PINNED, asking)), BYTES);
});

test('authorizes itself by what the URL has, and does not tell it', async () => {
  await using server = await startLoopback({
    '/a': (request, response) =>
      request.headers.authorization === `Basic ${Buffer.from('me:se@ret').toString('base64')}`
        ? sendBytes(request, response, BYTES)
        : void response.writeHead(401).end(),
  });
  const withSecret = (password: string) => `${server.url.replace('//', `//me:${password}@`)}/a`;
  await download(PINNED, options([withSecret('se%40ret')]));
  const error = await download(PINNED, options([withSecret('wrong')])).catch((reason: unknown) => reason);
  const shown = renderError(error);
  assert.match(shown, /PACKAGE_UNREACHABLE.*401/);
  assert.doesNotMatch(shown, /wrong/);
});

test('reads a mirror that is a folder', async () => {
  const asking = options([]);
  const mirror = join(asking.cache, 'mirror file');
  writeFileSync(mirror, BYTES);
  const path = await download(PINNED, { ...asking, sources: [pathToFileURL(mirror).href] });
  assert.ok(existsSync(path));
});
