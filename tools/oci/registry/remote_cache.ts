// Bazel's remote cache as a place where blobs of a build are, which this machine never had.
// A layer's digest is that of its file, and so its name in the cache.
import type { Descriptor } from '../image/model.ts';
import { ToolError } from '../../lib/errors.ts';
import { readHttpCache } from './http_cache.ts';

/** Part of a blob. */
export interface BlobRange {
  readonly blob: Descriptor;
  /** In bytes. */
  readonly offset: number;
  /** In bytes. */
  readonly size: number;
}

/** What a reader of one kind of cache is told. */
export interface CacheOptions {
  readonly address: CacheAddress;
  readonly headers: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
  /** How long the cache may be silent, in milliseconds. */
  readonly idleMs: number;
}

/** An open cache. */
export interface RemoteCache {
  /** The bytes as they come; they are not checked: whoever takes them knows the digest. Throws OCI_CACHE_* errors. */
  read(range: BlobRange): AsyncIterable<Buffer>;
  close(): void;
}

/** Where a cache is, as Bazel's `--remote_cache` names it. */
export interface CacheAddress {
  readonly text: string;
  readonly kind: 'grpc' | 'http';
  readonly isTls: boolean;
  /** `host:port`. */
  readonly authority: string;
  /** Of the URL, without slashes at its ends: gRPC's instance name, http's folder. */
  readonly path: string;
}

/** Answers that the cache gives with no byte for this long count as lost, in milliseconds. */
const IDLE_MS = 60_000;

/** Parses the address; one without a scheme is grpcs, as in Bazel. Throws OCI_CACHE_ADDRESS. */
export function parseCacheAddress(text: string): CacheAddress {
  const scheme = /^([a-z]+):\/\//.exec(text)?.[1] ?? 'grpcs';
  const rest = text.replace(/^[a-z]+:\/\//, '');
  // Parsed as http: of schemes that it does not know, URL knows no port.
  const url = URL.parse(`http://${rest}`);
  const isKnown = scheme === 'grpc' || scheme === 'grpcs' || scheme === 'http' || scheme === 'https';
  if (!isKnown || text.startsWith('unix:') || url === null || url.username !== '' || url.password !== '') {
    throw new ToolError('OCI_CACHE_ADDRESS', `Reading the address of the remote cache: ${shown(text)} is none`, {
      hint: 'Write grpc://, grpcs://, http:// or https:// and host:port; a login goes into FATHOM_REMOTE_CACHE_HEADERS.',
    });
  }
  const isTls = scheme.endsWith('s');
  return {
    text,
    kind: scheme.startsWith('grpc') ? 'grpc' : 'http',
    isTls,
    authority: url.port === '' ? `${url.hostname}:${isTls ? 443 : 80}` : url.host,
    path: url.pathname.replace(/^\/+|\/+$/g, ''),
  };
}

/** What stands before an @ may be a password. */
function shown(text: string): string {
  return JSON.stringify(text.replace(/\/\/.*@/, '//…@'));
}

/**
 * Headers of `FATHOM_REMOTE_CACHE_HEADERS`: `name=value`, one on a line, as of Bazel's `--remote_header`.
 * Throws OCI_CACHE_HEADERS; its message has no value, as that may be a password.
 */
export function parseCacheHeaders(text: string): Map<string, string> {
  const headers = new Map<string, string>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const [, name, value] = /^\s*([A-Za-z0-9-]+)=(.+?)\s*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      throw new ToolError(
        'OCI_CACHE_HEADERS',
        `Reading FATHOM_REMOTE_CACHE_HEADERS: line ${index + 1} has no name=value`,
        {
          hint: 'Write one header on a line: authorization=Bearer ….',
        },
      );
    }
    headers.set(name.toLowerCase(), value);
  }
  return headers;
}

/** Opens a cache; nothing is connected before something is read. Throws OCI_CACHE_ADDRESS, OCI_CACHE_HEADERS. */
export async function openRemoteCache(
  text: string,
  {
    signal,
    env = process.env,
    idleMs = IDLE_MS,
  }: {
    readonly signal: AbortSignal;
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly idleMs?: number;
  },
): Promise<RemoteCache> {
  const address = parseCacheAddress(text);
  const headers = parseCacheHeaders(env['FATHOM_REMOTE_CACHE_HEADERS'] ?? '');
  const options = { address, headers, signal, idleMs };
  if (address.kind === 'http') return { read: (range) => readHttpCache(range, options), close: () => undefined };
  // Its library is large, and most runs need no cache.
  const { openGrpcCache } = await import('./grpc_cache.ts');
  return openGrpcCache(options);
}
