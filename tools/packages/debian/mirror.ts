// A Debian mirror's indexes, each checked against the signed list of hashes.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import { ReadableStream } from 'node:stream/web';
import xz from 'xz-decompress';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';

const run = promisify(execFile);
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Far more than a release has. */
const MAX_RELEASE_BYTES = 64 * 1024 * 1024;

export interface FetchIndexOptions {
  readonly mirror: string;
  /** `trixie`, `trixie-security`. */
  readonly suite: string;
  readonly components: readonly string[];
  readonly architecture: string;
  /** The keys that sign. Default: those of Debian's package debian-archive-keyring. */
  readonly keyring?: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * A suite's Packages indexes as texts, and the date of its release.
 * Throws DEBIAN_MIRROR_FAILED, DEBIAN_SIGNATURE_BAD, DEBIAN_INDEX_CHANGED.
 */
export async function fetchIndexes(
  options: FetchIndexOptions,
): Promise<{ readonly texts: string[]; readonly date: Date }> {
  const { mirror, suite, components, architecture, keyring = KEYRING, log } = options;
  const folder = `${mirror}/dists/${suite}`;
  const inRelease = await download(`${folder}/InRelease`, options.signal);
  const release = await signedText(inRelease, { folder, keyring, log });
  const texts: string[] = [];
  for (const component of components) {
    const name = `${component}/binary-${architecture}/Packages.xz`;
    const expected = new RegExp(`^ ([0-9a-f]{64}) +\\d+ ${name.replaceAll('.', '\\.')}$`, 'm').exec(release)?.[1];
    const bytes = await download(`${folder}/${name}`, options.signal);
    const found = createHash('sha256').update(bytes).digest('hex');
    if (expected !== found) {
      throw new ToolError(
        'DEBIAN_INDEX_CHANGED',
        `Fetching ${folder}/${name}: expected sha256 ${expected ?? '(none listed)'}, found ${found}`,
        { hint: 'Try again in a few minutes: mirrors are inconsistent while they are updated.' },
      );
    }
    texts.push(await unxz(bytes));
  }
  return { texts, date: new Date(/^Date: *(.*)$/m.exec(release)?.[1] ?? 0) };
}

/** What of the file is signed: gpgv itself tells, as text around the signed block is anybody's. */
async function signedText(
  inRelease: Buffer,
  { folder, keyring, log }: { readonly folder: string; readonly keyring: string; readonly log: Log },
): Promise<string> {
  try {
    await access(keyring);
    const checking = run('gpgv', ['--output', '-', '--keyring', keyring], { maxBuffer: MAX_RELEASE_BYTES });
    checking.child.stdin?.end(inRelease);
    return (await checking).stdout;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') {
      log.warn(`${folder}/InRelease: its signature was not checked, as gpgv or debian-archive-keyring is missing`);
      return inRelease.toString('utf8');
    }
    throw new ToolError('DEBIAN_SIGNATURE_BAD', `Checking the signature of ${folder}/InRelease: gpgv rejects it`, {
      cause: error,
      hint: 'Use a mirror that you trust (FATHOM_DEBIAN_MIRROR).',
    });
  }
}

async function download(url: string, signal: AbortSignal): Promise<Buffer> {
  let problem: unknown;
  try {
    const response = await fetch(url, { signal });
    if (response.ok) return Buffer.from(await response.arrayBuffer());
    problem = new Error(`${response.status} ${response.statusText}`);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    problem = error;
  }
  const detail = problem instanceof Error ? (systemErrorCode(problem) ?? problem.message) : String(problem);
  throw new ToolError('DEBIAN_MIRROR_FAILED', `Fetching ${url}: ${detail}`, {
    cause: problem,
    hint: 'Set FATHOM_DEBIAN_MIRROR to a mirror that has it.',
  });
}

async function unxz(bytes: Buffer): Promise<string> {
  const source = ReadableStream.from([new Uint8Array(bytes)]);
  const reader = new xz.XzReadableStream(source as never).getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
  }
}
