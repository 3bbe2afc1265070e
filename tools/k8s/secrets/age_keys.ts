// Whose age keys may open a file: they are looked for where sops looks for them.
// https://github.com/getsops/sops#encrypting-using-age
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';
import { checkDataKey } from './sops_decrypt.ts';
import type { SopsFile } from './sops_file.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Keys, and where they were looked for. */
export interface AgeKeys {
  readonly identities: readonly string[];
  /** Each place, and whether keys were there. */
  readonly places: readonly string[];
  /** Files of keys that others may read. */
  readonly open: readonly string[];
}

const KEYS_FILE = 'sops/age/keys.txt';
/** X25519, and the hybrid with ML-KEM. */
const IDENTITY = /^AGE-SECRET-KEY-(PQ-)?1[0-9A-Z]+$/i;

/** SOPS_AGE_KEY, SOPS_AGE_KEY_FILE and the user's keys.txt; all that are there. Throws K8S_SECRET_NO_KEY. */
export async function findAgeKeys(env: Env, platform: string = process.platform): Promise<AgeKeys> {
  const texts: string[] = [];
  const places: string[] = [];
  const open: string[] = [];
  const read = async (path: string): Promise<string> => {
    const text = await readFile(path, 'utf8');
    if (((await stat(path)).mode & 0o077) !== 0) open.push(path);
    return text;
  };
  const { SOPS_AGE_KEY: key = '', SOPS_AGE_KEY_FILE: file = '' } = env;
  places.push(`SOPS_AGE_KEY (${key === '' ? 'not set' : 'set'})`);
  if (key !== '') texts.push(key);
  if (file !== '') {
    texts.push(
      await read(file).catch((error: unknown) => {
        throw unreadable(`${file} of SOPS_AGE_KEY_FILE`, error);
      }),
    );
  }
  places.push(`SOPS_AGE_KEY_FILE (${file === '' ? 'not set' : file})`);
  const standard = join(configFolder(env, platform), KEYS_FILE);
  try {
    texts.push(await read(standard));
    places.push(`${standard} (there)`);
  } catch (error) {
    const code = systemErrorCode(error) ?? 'not readable';
    places.push(`${standard} (${code === 'ENOENT' ? 'not there' : code})`);
  }
  return { identities: texts.flatMap(identitiesIn), places, open };
}

function configFolder(env: Env, platform: string): string {
  const { XDG_CONFIG_HOME: config = '', HOME: home = homedir() } = env;
  if (config !== '') return config;
  return platform === 'darwin' ? join(home, 'Library/Application Support') : join(home, '.config');
}

/** Comments and keys of other kinds (plugins, ssh) are passed over. */
function identitiesIn(text: string): string[] {
  const lines = text.split(/\r?\n/).filter((line) => !line.startsWith('#'));
  return lines.flatMap((line) => line.split(/\s+/)).filter((word) => IDENTITY.test(word));
}

function unreadable(path: string, cause: unknown): ToolError {
  const code = systemErrorCode(cause) ?? 'it cannot be read';
  const reason = code === 'ENOENT' ? 'it is not there' : code;
  return new ToolError('K8S_SECRET_NO_KEY', `Reading age keys of ${path}: ${reason}`, {
    cause,
    hint: 'Name a file of age keys that you may read, as age-keygen writes it.',
  });
}

/** The key of a file, opened with one of the keys. Throws K8S_SECRET_NO_KEY, K8S_SECRET_WRONG_KEY. */
export async function openDataKey(file: SopsFile, { identities, places }: AgeKeys): Promise<Buffer> {
  const wanted = file.recipients.map(({ recipient }) => recipient).join(', ');
  if (identities.length === 0) {
    throw new ToolError('K8S_SECRET_NO_KEY', `Decrypting ${file.path}: there is no age key: ${places.join(', ')}`, {
      hint: `Get the key of one of ${wanted}, and set SOPS_AGE_KEY_FILE to its file.`,
    });
  }
  // The library is loaded only where something is to be decrypted.
  const { Decrypter, armor, identityToRecipient } = await import('age-encryption');
  const decrypter = new Decrypter();
  const own: string[] = [];
  for (const identity of identities) {
    try {
      decrypter.addIdentity(identity);
      own.push(await identityToRecipient(identity));
    } catch {
      // Its words may quote the key.
      throw new ToolError('K8S_SECRET_NO_KEY', `Reading age keys: one of ${places.join(', ')} is damaged`, {
        hint: 'Copy the whole line that begins with AGE-SECRET-KEY-.',
      });
    }
  }
  for (const { encrypted } of file.recipients) {
    try {
      return checkDataKey(file, await decrypter.decrypt(armor.decode(encrypted)));
    } catch (error) {
      // For somebody else, or changed: which of the two, age does not say.
      if (error instanceof ToolError) throw error;
    }
  }
  const problem = `none of the age keys opens it: it is for ${wanted}; yours are ${own.join(', ')}`;
  throw new ToolError('K8S_SECRET_WRONG_KEY', `Decrypting ${file.path}: ${problem}`, {
    hint: `Ask one of its recipients to add yours: \`sops rotate -i --add-age ${own[0] ?? 'age1…'} ${file.path}\`.`,
  });
}
