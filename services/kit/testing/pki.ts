// Certificate authorities and certificates for tests, as files.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  type X509Certificate,
  X509CertificateGenerator,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

interface Pair {
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** An authority. */
export interface Authority extends Pair {
  /** Its certificate in PEM. */
  readonly pem: string;
}

let serial = 1;

async function make(commonName: string, issuer: Pair | undefined, validMs: number): Promise<Pair> {
  const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  serial += 1;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial.toString(16).padStart(4, '0'),
    subject: `CN=${commonName}`,
    issuer: issuer?.certificate.subject ?? `CN=${commonName}`,
    notBefore: new Date(Date.now() - 2 * DAY_MS),
    notAfter: new Date(Date.now() + validMs),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: issuer?.keys.privateKey ?? keys.privateKey,
    extensions: [
      new BasicConstraintsExtension(issuer === undefined, undefined, true),
      new SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: 'localhost' },
        { type: 'dns', value: commonName },
      ]),
    ],
  });
  return { certificate, keys };
}

/** Makes an authority. */
export async function makeAuthority(commonName: string): Promise<Authority> {
  const pair = await make(commonName, undefined, 30 * DAY_MS);
  return { ...pair, pem: pair.certificate.toString('pem') };
}

/** The files of a certificate. */
export interface PairFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Writes `<name>.crt` and `<name>.key` of a new certificate for the loopback and for `name`. */
export async function issue(
  authority: Authority,
  folder: string,
  name: string,
  options: { readonly validMs?: number; readonly commonName?: string } = {},
): Promise<PairFiles> {
  const { certificate, keys } = await make(options.commonName ?? name, authority, options.validMs ?? DAY_MS);
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const files = { certFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) };
  await writeFile(files.certFile, certificate.toString('pem'));
  await writeFile(files.keyFile, `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`);
  return files;
}
