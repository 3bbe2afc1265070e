// Whose personal namespace (`myns`) is meant. Engine, `./fathom env` and tests all ask here.
import { createHash } from 'node:crypto';
import { userInfo } from 'node:os';
import { ToolError } from './errors.ts';

const MAX_LENGTH = 40;
const RESERVED = new Set(['default', 'local-path-storage', 'fathom-system']);
/** A name that ends as a mapped one does could be that of somebody else: it is mapped, too. */
const MAPPED = /-[0-9a-f]{6}$/;

/** Options of {@link personalNamespace}. */
export interface PersonalNamespaceOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Namespaces of the other environments, which nobody may have as their own. Default: none. */
  readonly reserved?: readonly string[];
  /** The passwd entry's name. Default: that of the running user. */
  readonly passwdName?: () => string;
  /** The namespace itself, where it is known: that of the pod in which this runs. Default: made of the name. */
  readonly namespace?: string | undefined;
}

/**
 * The personal namespace: of FATHOM_USER, else USER, else LOGNAME, else the passwd name.
 * Lower case; each run of other characters than a–z, 0–9 becomes `-`; at most 40 characters; when anything was
 * changed, or the name ends in `-` and 6 hex digits, `-` and 6 hex digits of the original's sha256 follow, so two
 * people never meet. A name without any of a–z, 0–9 is `u-` and these digits.
 * Throws NAMESPACE_RESERVED and NAMESPACE_NO_USER.
 */
export function personalNamespace(options: PersonalNamespaceOptions = {}): string {
  const namespace = options.namespace ?? namespaceOfPerson(options);
  const reserved =
    RESERVED.has(namespace) || namespace.startsWith('kube-') || (options.reserved ?? []).includes(namespace);
  if (reserved) {
    throw new ToolError('NAMESPACE_RESERVED', `Finding the personal namespace: '${namespace}' is reserved`, {
      hint: 'Set FATHOM_USER to another name.',
    });
  }
  return namespace;
}

function namespaceOfPerson({ env = process.env, passwdName }: PersonalNamespaceOptions): string {
  const original = personName(env, passwdName);
  if (original === '') {
    throw new ToolError('NAMESPACE_NO_USER', 'Finding the personal namespace: this user has no name', {
      hint: 'Set FATHOM_USER to your name.',
    });
  }
  return mapToNamespace(original);
}

/**
 * Who runs this: FATHOM_USER, else USER, else LOGNAME, else the passwd name (default: that of the running user).
 * Empty where nobody says so.
 */
export function personName(
  env: Readonly<Record<string, string | undefined>>,
  passwdName: () => string = ownPasswdName,
): string {
  const named = [env['FATHOM_USER'], env['USER'], env['LOGNAME']].find((name) => (name ?? '').trim() !== '');
  // One letter can be written in two ways, and file systems and terminals choose differently.
  return (named ?? passwdName()).normalize('NFC');
}

/** A container's user often has no passwd entry. */
function ownPasswdName(): string {
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}

function mapToNamespace(original: string): string {
  const plain = original
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, MAX_LENGTH)
    .replace(/-+$/, '');
  if (plain === original && !MAPPED.test(plain)) return plain;
  const suffix = createHash('sha256').update(original).digest('hex').slice(0, 6);
  return plain === '' ? `u-${suffix}` : `${plain}-${suffix}`;
}
