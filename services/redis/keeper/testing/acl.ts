// The users that redis.jsonnet declares, with passwords of a test.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { runfile } from '../../../../tools/lib/runfiles.ts';
import type { Credentials } from '../link.ts';

interface SecretDocument {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly stringData?: Readonly<Record<string, string>>;
}

/** The lines of the ACL file, and the password that each user has in it. */
export interface TestAcl {
  readonly lines: readonly string[];
  readonly admin: Credentials;
  /** The user of a name. */
  user(username: string): Credentials;
}

/** Reads the manifest that is deployed to personal namespaces. */
export function deployedAcl(): TestAcl {
  const golden = 'services/redis/golden/myns.yaml';
  const path =
    process.env['TEST_SRCDIR'] === undefined
      ? fileURLToPath(new URL(`../../../../${golden}`, import.meta.url))
      : runfile(`fathom/${golden}`);
  const documents = parseAllDocuments(readFileSync(path, 'utf8')).map((one) => one.toJS() as SecretDocument | null);
  const secret = documents.find((one) => one?.kind === 'Secret' && one.metadata.name === 'redis-admin');
  const text = secret?.stringData?.['users.acl'];
  if (text === undefined) throw new Error(`Reading ${golden}: there is no ACL in it`);
  const lines = text
    .trimEnd()
    .split('\n')
    // Each reference stands for another value: its own text, as a word.
    .map((line) => line.replaceAll(/\$\{fathom-secret:\/\/generated\/([^}]*)\}/g, (_, name: string) => wordOf(name)));
  const user = (username: string): Credentials => {
    const password = new RegExp(`^user ${username} on >(\\S+)`, 'm').exec(lines.join('\n'))?.[1];
    if (password === undefined) throw new Error(`Reading ${golden}: there is no user ${username} in its ACL`);
    return { username, password };
  };
  return { lines, admin: user('admin'), user };
}

function wordOf(reference: string): string {
  return `password-of-${reference.replaceAll(/\W/g, '-')}`;
}
