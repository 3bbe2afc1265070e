// Whose personal namespace (`myns`) is meant. Engine, `./fathom env` and tests all ask here.
import { createHash } from 'node:crypto';
import { userInfo } from 'node:os';
import { ToolError } from './errors.ts';

const MAX_LENGTH = 40;
const RESERVED = new Set(['default', 'local-path-storage', 'fathom-system']);

/** Options of {@link personalNamespace}. */
export interface PersonalNamespaceOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Namespaces of the other environments, which nobody may have as their own. Default: none. */
  readonly reserved?: readonly string[];
  /** The passwd entry's name. Default: that of the running user. */
  readonly passwdName?: () => string;
}

/**
 * The personal namespace: of FATHOM_USER, else USER, else LOGNAME, else the passwd name.
 * Lower case; each run of other characters than a–z, 0–9 becomes `-`; at most 40 characters; when anything was
 * changed, `-` and 6 hex digits of the original's sha256 follow, so two people never meet.
 * Throws NAMESPACE_RESERVED and NAMESPACE_NO_USER.
 */
export function personalNamespace(options: PersonalNamespaceOptions = {}): string {
  const env = options.env ?? process.env;
  const original = personName(env, options.passwdName);
  if (original === '') {
    throw new ToolError('NAMESPACE_NO_USER', 'Finding the personal namespace: this user has no name', {
      hint: 'Set FATHOM_USER to your name.',
    });
  }
  const namespace = mapToNamespace(original);
  const reserved =
    RESERVED.has(namespace) || namespace.startsWith('kube-') || (options.reserved ?? []).includes(namespace);
  if (reserved) {
    throw new ToolError('NAMESPACE_RESERVED', `Finding the personal namespace: '${namespace}' is reserved`, {
      hint: 'Set FATHOM_USER to another name.',
    });
  }
  return namespace;
}

/** Who runs this: FATHOM_USER, else USER, else LOGNAME, else the passwd name (default: that of the running user). */
export function personName(
  env: Readonly<Record<string, string | undefined>>,
  passwdName: () => string = () => userInfo().username,
): string {
  return (
    [env['FATHOM_USER'], env['USER'], env['LOGNAME']].find((name) => name !== undefined && name !== '') ?? passwdName()
  );
}

function mapToNamespace(original: string): string {
  const plain = original
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, MAX_LENGTH)
    .replace(/-+$/, '');
  if (plain === original) return plain;
  const suffix = createHash('sha256').update(original).digest('hex').slice(0, 6);
  return plain === '' ? `u-${suffix}` : `${plain}-${suffix}`;
}
