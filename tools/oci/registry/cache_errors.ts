// What goes wrong with a remote cache, in one form for all kinds of it.
import { ToolError } from '../../lib/errors.ts';

/** What is read, and where: all that errors say of it. */
export interface CachedBlob {
  readonly digest: string;
  /** The cache's address. */
  readonly cache: string;
}

/** A cache that was not reached, that broke off, or that answered with a failure. */
export class CacheFailure extends ToolError {
  readonly isTemporary: boolean;

  constructor(
    what: CachedBlob,
    failure: { readonly problem: string; readonly isTemporary: boolean; readonly cause?: unknown },
  ) {
    super('OCI_CACHE_FAILED', `${doing(what)}: ${failure.problem}`, {
      cause: failure.cause,
      hint: 'Check that the cache is reached, and that FATHOM_REMOTE_CACHE_HEADERS has the login that it asks for.',
    });
    this.isTemporary = failure.isTemporary;
  }
}

/** The cache does not have the blob. */
export function lacksBlob(what: CachedBlob): ToolError {
  return new ToolError('OCI_CACHE_LACKS', `${doing(what)}: it does not have it`, {
    hint: 'Build without --@fathom//tools/oci:remote_cache, or let Bazel upload what it builds here (--remote_upload_local_results).',
  });
}

function doing({ digest, cache }: CachedBlob): string {
  return `Reading blob ${digest} of the remote cache ${cache}`;
}
