// The one error class that a user may see: what failed, on what, and the command or edit that mends it.

/** Options of {@link ToolError}. */
export interface ToolErrorOptions {
  /** An imperative sentence: the command or edit that mends it. Default: none. */
  readonly hint?: string;
  /** The error that led to this one. Default: none. */
  readonly cause?: unknown;
}

/**
 * A failure that a user can act on; {@link runMain} prints it without a stack trace.
 *
 * `code` is stable (`OCI_BLOB_REJECTED`); `message` is a participle and its object
 * ("Pushing blob sha256:… to registry/x: 401 UNAUTHORIZED"), without a full stop or a secret.
 */
export class ToolError extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: ToolErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ToolError';
    this.code = code;
    this.hint = options.hint;
  }
}

/** The system error code (`ENOENT`, `ECONNREFUSED`) of `error` or of the first of its causes that has one. */
export function systemErrorCode(error: unknown): string | undefined {
  let current: unknown = error;
  for (let depth = 0; depth < 8 && current instanceof Error; depth++) {
    const code: unknown = 'code' in current ? current.code : undefined;
    if (typeof code === 'string' && !(current instanceof ToolError)) return code;
    current = current instanceof AggregateError && current.errors.length > 0 ? current.errors[0] : current.cause;
  }
  return undefined;
}

/** `error`'s own words in one line; causes follow after a colon. */
export function errorText(error: unknown): string {
  const words: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 8 && current !== undefined && current !== null; depth++) {
    const text = current instanceof Error ? current.message : String(current);
    if (text !== '' && !words.some((word) => word.includes(text))) words.push(text);
    if (!(current instanceof Error)) break;
    current = current instanceof AggregateError && current.errors.length > 0 ? current.errors[0] : current.cause;
  }
  return words.join(': ').replaceAll(/\s*\n\s*/g, ' ');
}
