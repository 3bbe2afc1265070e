// Decrypts a file of sops with its data key, and checks that it is as sops wrote it. Pure.
// https://github.com/getsops/sops#encryption-protocol
import { type Hash, createDecipheriv, createHash, timingSafeEqual } from 'node:crypto';
import { ToolError } from '../../lib/errors.ts';
import { ENCRYPTED, type SopsEntry, type SopsFile, invalid } from './sops_file.ts';

/** So that the code over some values is never that over all. */
const ONLY_ENCRYPTED = Buffer.from('8a3fd2ad54ce66527b1034f3d147be0b0b975b3bf44f72c6fdadec8176f27d69', 'hex');

/** The values of all encrypted entries by name. Throws K8S_SECRET_TAMPERED and K8S_SECRET_FILE. */
export function decryptSops(file: SopsFile, dataKey: Buffer): ReadonlyMap<string, Buffer> {
  const values = new Map<string, Buffer>();
  const hash = createHash('sha512');
  if (file.isMacOfEncryptedOnly) hash.update(ONLY_ENCRYPTED);
  for (const entry of file.entries) {
    if (!entry.isEncrypted) {
      if (!file.isMacOfEncryptedOnly) hash.update(plainBytes(entry));
      continue;
    }
    const { bytes, type } = decryptEntry(entry, file, dataKey);
    // A comment of a list is no value.
    if (type === 'comment') continue;
    hash.update(bytes);
    values.set(entry.name, type === 'bool' ? Buffer.from(bytes.toString('utf8').toLowerCase()) : bytes);
  }
  checkMac(file, dataKey, hash);
  return values;
}

function decryptEntry({ name, path, value }: SopsEntry, file: SopsFile, dataKey: Buffer): Decrypted {
  // Nothing is nothing, also when it is encrypted.
  if (value === '') return { bytes: Buffer.alloc(0), type: 'str' };
  const additional = path.map((word) => `${word}:`).join('');
  const opened = typeof value === 'string' ? open(value, dataKey, additional) : undefined;
  if (opened === undefined) throw tampered(file, `the value of '${name}' is not what was encrypted there`);
  return opened;
}

interface Decrypted {
  readonly bytes: Buffer;
  readonly type: string;
}

/** Undefined where text, key and place do not belong together. */
function open(text: string, key: Buffer, additional: string): Decrypted | undefined {
  const [, data, iv, tag, type] = ENCRYPTED.exec(text) ?? [];
  if (data === undefined || iv === undefined || tag === undefined || type === undefined) return undefined;
  const [bytes, nonce, code] = [data, iv, tag].map((part) => Buffer.from(part, 'base64'));
  if (bytes === undefined || nonce === undefined || nonce.length === 0 || code?.length !== 16) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
  decipher.setAAD(Buffer.from(additional, 'utf8')).setAuthTag(code);
  try {
    return { bytes: Buffer.concat([decipher.update(bytes), decipher.final()]), type };
  } catch {
    return undefined;
  }
}

/** A value that is not encrypted, in the words over which sops computes its code. */
function plainBytes({ value }: SopsEntry): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'number' ? decimal(value) : String(value);
}

/** Without an exponent, which JavaScript writes for large and for small numbers. */
function decimal(value: number): string {
  const [, sign = '', first = '', rest = '', power = ''] = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(String(value)) ?? [];
  if (power === '') return String(value);
  const digits = first + rest;
  const point = 1 + Number(power);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, '0')}`;
}

function checkMac(file: SopsFile, dataKey: Buffer, hash: Hash): void {
  const stored = open(file.mac, dataKey, file.lastModified);
  if (stored === undefined) throw tampered(file, 'its code (mac) is not what sops wrote');
  const computed = Buffer.from(hash.digest('hex').toUpperCase());
  if (stored.bytes.length === computed.length && timingSafeEqual(stored.bytes, computed)) return;
  throw tampered(file, 'its values are not those over which its code (mac) was computed');
}

function tampered(file: SopsFile, problem: string): ToolError {
  return new ToolError('K8S_SECRET_TAMPERED', `Decrypting ${file.path}: ${problem}`, {
    hint: `Look at who changed it, \`git log -p -- ${file.path}\`; change it only with \`sops ${file.path}\`.`,
  });
}

/** The key of a file, as its length says. Throws K8S_SECRET_FILE. */
export function checkDataKey(file: SopsFile, key: Uint8Array): Buffer {
  if (key.length !== 32) throw invalid(file.path, `its key has ${key.length} bytes, not 32`);
  return Buffer.from(key);
}
