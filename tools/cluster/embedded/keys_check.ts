// Whether the keys are there that a cluster's data and pods depend on: what they signed is worthless with others.
import { X509Certificate, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ToolError, errorText, systemErrorCode } from '../../lib/errors.ts';
import { CLUSTER_AUTHORITY, SERVICE_ACCOUNT_KEYS } from './certificates.ts';

/**
 * Throws CLUSTER_KEYS where the authority of a cluster, or the key that signs the tokens of its pods, is lost. All else in
 * the folder follows from them and is made anew.
 */
export async function requireKeys(folder: string): Promise<void> {
  const authority = await read(folder, `${CLUSTER_AUTHORITY}.crt`, (pem) => new X509Certificate(pem));
  const key = await readPrivateKey(folder, `${CLUSTER_AUTHORITY}.key`);
  if (!authority.checkPrivateKey(key)) throw lost(folder, `${CLUSTER_AUTHORITY}.key`, 'it is of another certificate');
  const signing = await readPrivateKey(folder, `${SERVICE_ACCOUNT_KEYS}.key`);
  const name = `${SERVICE_ACCOUNT_KEYS}.pub`;
  const verifying = await read(folder, name, (pem) => createPublicKey(pem));
  if (!createPublicKey(signing).equals(verifying)) throw lost(folder, name, 'it is of another key');
}

function readPrivateKey(folder: string, name: string): Promise<KeyObject> {
  return read(folder, name, (pem) => createPrivateKey(pem));
}

async function read<T>(folder: string, name: string, parse: (pem: string) => T): Promise<T> {
  try {
    return parse(await readFile(join(folder, name), 'utf8'));
  } catch (error) {
    throw lost(
      folder,
      name,
      systemErrorCode(error) === 'ENOENT' ? 'it is missing' : `it is broken: ${errorText(error)}`,
    );
  }
}

function lost(folder: string, name: string, why: string): ToolError {
  const path = join(folder, name);
  return new ToolError(
    'CLUSTER_KEYS',
    `Reading the cluster's key ${path}: ${why}, and its data and pods need that one`,
    {
      hint: 'Put a copy of it back, or give the cluster and its data up: `./fathom down`, then `./fathom up`.',
    },
  );
}
