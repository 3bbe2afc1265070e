// Stage 0: one file by its hash, from the first source that has it, kept in a cache that all workspaces share.
import { copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestOfFile } from '../../lib/digest.ts';
import { ToolError, errorText, systemErrorCode } from '../../lib/errors.ts';
import { retry } from '../../lib/retry.ts';
import { changedFile, goneFile, unreachableFile } from './errors.ts';

/** A file that a lock pins. */
export interface PinnedFile {
  /** Its name, without folders. */
  readonly file: string;
  /** 64 hex digits. */
  readonly sha256: string;
}

/** Options of {@link download}. */
export interface DownloadOptions {
  /** URLs (http, https, file), tried in this order; credentials in a URL are sent as basic authorization. */
  readonly sources: readonly string[];
  /** Fathom's cache folder. */
  readonly cache: string;
  readonly signal: AbortSignal;
  /** What mends a file that no source has. */
  readonly goneHint: string;
  /** Tries of one source while it drops connections or is overloaded. Default: 5. */
  readonly attempts?: number;
  /** The first wait between tries, in milliseconds. Default: 500. */
  readonly baseMs?: number;
  /** How long a source may send nothing, in milliseconds. Default: 60 000. */
  readonly idleMs?: number;
}

/** Where the cache keeps a file. */
export function cachedPath(cache: string, { file, sha256 }: PinnedFile): string {
  return join(cache, 'downloads', sha256, file);
}

/**
 * The path of the verified file in the cache; downloads it where it is not there. A broken transfer is resumed, also
 * that of a process which was killed. Throws PACKAGE_CHANGED, PACKAGE_GONE or PACKAGE_UNREACHABLE.
 */
export async function download(pinned: PinnedFile, options: DownloadOptions): Promise<string> {
  const path = cachedPath(options.cache, pinned);
  if ((await hashIfThere(path)) === pinned.sha256) return path;
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.part.${process.pid}`;
  const tried: { readonly text: string; readonly error: unknown }[] = [];
  for (const source of options.sources) {
    try {
      await adoptPart(path, part);
      await transferVerified(source, part, pinned, options);
      await rename(part, path);
      return path;
    } catch (error) {
      if (options.signal.aborted) throw options.signal.reason;
      // What is there may be continued by the next try; a file that is not the pinned one may not.
      if (error instanceof ToolError) await rm(part, { force: true });
      tried.push({ text: error instanceof ToolError ? error.message : `${source}: ${explain(error)}`, error });
    }
  }
  const changed = tried.find(({ error }) => error instanceof ToolError);
  if (changed !== undefined) throw changed.error;
  const texts = tried.map(({ text }) => text);
  if (tried.every(({ error }) => error instanceof SourceError && error.status === 404)) {
    throw goneFile(pinned.file, texts, options.goneHint);
  }
  throw unreachableFile(pinned.file, texts, tried.at(-1)?.error);
}

/** Keeps a file that another program fetched, once its hash is right. Throws PACKAGE_CHANGED. */
export async function keep(fetched: string, source: string, pinned: PinnedFile, cache: string): Promise<string> {
  const found = (await digestOfFile(fetched)).slice('sha256:'.length);
  if (found !== pinned.sha256) throw changed(source, pinned, found);
  const path = cachedPath(cache, pinned);
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.part.${process.pid}`;
  await copyFile(fetched, part);
  await rename(part, path);
  return path;
}

/** The hex sha256 of a file, or undefined where there is none. */
export async function hashIfThere(path: string): Promise<string | undefined> {
  try {
    return (await digestOfFile(path)).slice('sha256:'.length);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** An answer that is no file; `status` 404 means that the source has none. */
class SourceError extends Error {
  readonly status: number;
  readonly afterMs: number;

  constructor(status: number, text: string, afterMs = 0) {
    super(text);
    this.status = status;
    this.afterMs = afterMs;
  }
}

function changed(source: string, { file, sha256 }: PinnedFile, found: string): ToolError {
  return changedFile({ file, source, expected: `sha256:${sha256}`, found: `sha256:${found}` });
}

async function transferVerified(
  source: string,
  part: string,
  pinned: PinnedFile,
  options: DownloadOptions,
): Promise<void> {
  const { signal, attempts = 5, baseMs = 500 } = options;
  const transfer = () =>
    retry(() => transferOnce(source, part, options), { signal, reason, attempts, baseMs, deadlineMs: 600_000 });
  const wasResumed = (await sizeOf(part)) > 0;
  await transfer();
  let found = await hashIfThere(part);
  if (found !== pinned.sha256 && wasResumed) {
    // The beginning may be of another file: once more, all of it.
    await rm(part, { force: true });
    await transfer();
    found = await hashIfThere(part);
  }
  if (found !== pinned.sha256) throw changed(source, pinned, found ?? '(nothing)');
}

/** Why another try may help: the source is overloaded, or the connection broke. */
function reason(error: unknown) {
  if (error instanceof SourceError) {
    const isPassing = error.status === 429 || error.status >= 500;
    return isPassing ? { afterMs: error.afterMs } : undefined;
  }
  return {};
}

async function transferOnce(source: string, part: string, options: DownloadOptions): Promise<void> {
  const url = new URL(source);
  if (url.protocol === 'file:') return copyLocal(url, part);
  const have = await sizeOf(part);
  const headers = new Headers(have > 0 ? { range: `bytes=${have}-` } : {});
  if (url.username !== '') {
    const plain = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers.set('authorization', `Basic ${Buffer.from(plain).toString('base64')}`);
    url.username = '';
    url.password = '';
  }
  const stalled = new AbortController();
  const idleMs = options.idleMs ?? 60_000;
  const timer = setTimeout(() => stalled.abort(new Error(`it sent nothing for ${idleMs / 1000} s`)), idleMs);
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.any([options.signal, stalled.signal]) });
    if (response.status === 416) {
      await rm(part, { force: true });
      throw new SourceError(503, 'it cannot resume');
    }
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      const afterS = Number(response.headers.get('retry-after') ?? 0);
      const status = response.status === 410 ? 404 : response.status;
      throw new SourceError(
        status,
        `${response.status} ${response.statusText}`.trim(),
        afterS > 0 ? afterS * 1000 : undefined,
      );
    }
    const isContinued =
      response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${have}-`) === true;
    const handle = await open(part, isContinued ? 'a' : 'w');
    try {
      for await (const chunk of response.body) {
        timer.refresh();
        await handle.write(chunk);
      }
    } finally {
      await handle.close();
    }
  } finally {
    clearTimeout(timer);
  }
}

async function copyLocal(url: URL, part: string): Promise<void> {
  try {
    await copyFile(fileURLToPath(url), part);
  } catch (error) {
    const code = systemErrorCode(error);
    throw new SourceError(code === 'ENOENT' ? 404 : 400, code ?? errorText(error));
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

/** Takes over what a process that no longer lives had received. */
async function adoptPart(path: string, part: string): Promise<void> {
  const prefix = `${basename(path)}.part.`;
  for (const name of await readdir(dirname(path))) {
    const pid = Number(name.slice(prefix.length));
    if (!name.startsWith(prefix) || !(pid > 0) || pid === process.pid || isAlive(pid)) continue;
    // Another process may have taken it.
    await rename(join(dirname(path), name), part).catch(() => undefined);
    return;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

function explain(error: unknown): string {
  return systemErrorCode(error) ?? errorText(error);
}
