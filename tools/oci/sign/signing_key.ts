// Private keys that images are signed with: PEM, or encrypted as cosign writes them.
// Form: https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md; scrypt and NaCl's secretbox.
import { type KeyObject, createPrivateKey, scrypt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';
import { userPath } from '../../lib/runfiles.ts';

type Env = Readonly<Record<string, string | undefined>>;

const SEALED = /^-----BEGIN ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY-----([\s\S]+?)-----END/m;

/** The variable with the password, cosign's own. */
const PASSWORD = 'COSIGN_PASSWORD';

/** The most that scrypt may cost: sixteen times what cosign asks for. */
const MAX_SCRYPT_BYTES = 1024 * 1024 * 1024;

const deriveKey = promisify(
  (password: string, salt: Buffer, options: { N: number; r: number; p: number }, done: ScryptCallback) =>
    scrypt(password, salt, 32, { ...options, maxmem: MAX_SCRYPT_BYTES }, done),
);
type ScryptCallback = (error: Error | null, key: Buffer) => void;

/**
 * Reads a private key: the file `source`, from where the user is, or the variable NAME of `env:NAME`. An encrypted one
 * is opened with the password in COSIGN_PASSWORD. Throws OCI_KEY_UNREADABLE, which quotes nothing of the key or the password.
 */
export async function readSigningKey(source: string, env: Env): Promise<KeyObject> {
  const text = await readText(source, env);
  const sealed = SEALED.exec(text)?.[1];
  const password = env[PASSWORD] ?? '';
  try {
    if (sealed === undefined)
      return createPrivateKey({ key: text, ...(password === '' ? {} : { passphrase: password }) });
    const pkcs8 = await open(JSON.parse(Buffer.from(sealed, 'base64').toString('utf8')), password);
    return createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw unreadable(
      source,
      password === '' ? `it is no key, or wants a password` : 'it is no key, or the password is wrong',
    );
  }
}

async function readText(source: string, env: Env): Promise<string> {
  const name = /^env:(.+)$/.exec(source)?.[1];
  if (name !== undefined) {
    const text = env[name];
    if (text === undefined || text === '') throw unreadable(source, 'the variable is not set');
    return text;
  }
  try {
    return await readFile(userPath(source, env), 'utf8');
  } catch (error) {
    throw unreadable(source, systemErrorCode(error) ?? 'it failed');
  }
}

/** Opens cosign's envelope. Throws an Error of any kind where the password or the form is wrong. */
async function open(envelope: unknown, password: string): Promise<Uint8Array> {
  const { kdf, cipher, ciphertext } = envelope as {
    readonly kdf: {
      readonly name: string;
      readonly params: { N: number; r: number; p: number };
      readonly salt: string;
    };
    readonly cipher: { readonly name: string; readonly nonce: string };
    readonly ciphertext: string;
  };
  if (kdf.name !== 'scrypt' || cipher.name !== 'nacl/secretbox') throw new Error('unknown form');
  const { N, r, p } = kdf.params;
  const key = await deriveKey(password, Buffer.from(kdf.salt, 'base64'), { N, r, p });
  return xsalsa20poly1305(key, Buffer.from(cipher.nonce, 'base64')).decrypt(Buffer.from(ciphertext, 'base64'));
}

function unreadable(source: string, problem: string): ToolError {
  return new ToolError('OCI_KEY_UNREADABLE', `Reading signing key ${source}: ${problem}`, {
    hint: `Name a PEM file or env:NAME, and set ${PASSWORD} where the key is encrypted.`,
  });
}
