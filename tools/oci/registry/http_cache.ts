// Caches that speak Bazel's http protocol: a blob is at /cas/<hex of its digest>.
// https://bazel.build/remote/caching#http-caching
import { ToolError, errorText, systemErrorCode } from '../../lib/errors.ts';
import { partOf, watched } from './part_of.ts';
import { CacheFailure, type CachedBlob, lacksBlob } from './cache_errors.ts';
import { TEMPORARY_CODE, TEMPORARY_STATUS } from './errors.ts';
import type { BlobRange, CacheOptions } from './remote_cache.ts';

/** The bytes of a part of a blob. Throws OCI_CACHE_LACKS, OCI_CACHE_FAILED. */
export async function* readHttpCache(range: BlobRange, options: CacheOptions): AsyncGenerator<Buffer> {
  const { blob, offset, size } = range;
  if (size === 0) return;
  const { address, headers, signal, idleMs } = options;
  const what = { digest: blob.digest, cache: address.text };
  const folder = address.path === '' ? '' : `/${address.path}`;
  const url = `${address.isTls ? 'https' : 'http'}://${address.authority}${folder}/cas/${blob.digest.replace(/^sha256:/, '')}`;
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error(`no byte for ${idleMs / 1000} s`)), idleMs);
  try {
    const isWhole = offset === 0 && size === blob.size;
    const response = await fetch(url, {
      headers: {
        ...Object.fromEntries(headers),
        ...(isWhole ? {} : { range: `bytes=${offset}-${offset + size - 1}` }),
      },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (response.status === 404) throw lacksBlob(what);
    if ((response.status !== 200 && response.status !== 206) || response.body === null) {
      const isTemporary = TEMPORARY_STATUS.has(response.status);
      throw new CacheFailure(what, { problem: `it answers ${response.status}`, isTemporary });
    }
    const chunks = watched(response.body, () => timer.refresh());
    // 200: the whole blob, whatever was asked for.
    yield* partOf(chunks, response.status === 206 ? 0 : offset, size);
  } catch (error) {
    throw signal.aborted ? signal.reason : asFailure(error, what);
  } finally {
    clearTimeout(timer);
  }
}

/** fetch hides the reason in the cause of a TypeError. */
function asFailure(error: unknown, what: CachedBlob): unknown {
  if (!(error instanceof Error) || error instanceof ToolError) return error;
  const code = systemErrorCode(error);
  // undici's own code of a body that ends too early.
  const isTemporary = code !== undefined && (TEMPORARY_CODE.has(code) || code === 'UND_ERR_SOCKET');
  return new CacheFailure(what, { problem: code ?? errorText(error), isTemporary, cause: error });
}
