// The cluster's certificate authorities and certificates: P-256 keys, made when missing, made anew before they expire.
import 'reflect-metadata';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { hasLifeLeft } from './expiry.ts';
import { requireClock } from './clock.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3650;
const LEAF_DAYS = 365;
const BACKDATE_MS = 300_000;

/** A certificate to have: its file name, subject and use. */
export interface CertificateSpec {
  readonly name: string;
  readonly authority: string;
  readonly commonName: string;
  /** The user's group, for client certificates. Default: none. */
  readonly organization?: string;
  readonly use: readonly ('client' | 'server')[];
  readonly dnsNames?: readonly string[];
  readonly addresses?: readonly string[];
}

/** Options of {@link ensurePki}. */
export interface PkiOptions {
  readonly folder: string;
  readonly authorities: readonly string[];
  readonly certificates: readonly CertificateSpec[];
  /** Key pairs without a certificate (service account tokens). */
  readonly keyPairs: readonly string[];
  /** Milliseconds since the epoch. Default: now. */
  readonly nowMs?: number;
}

interface Pair {
  readonly certificate: x509.X509Certificate;
  readonly key: CryptoKey;
}

/**
 * Makes what is missing in `folder`: `<name>.crt` and `<name>.key` (PEM, 0600). A certificate is made anew when less
 * than a third of its life remains, when its authority is a new one, or when its names changed.
 * Returns the names of those made now. Throws CLUSTER_CLOCK before the beginning of an authority that is there.
 */
export async function ensurePki(options: PkiOptions): Promise<readonly string[]> {
  const nowMs = options.nowMs ?? Date.now();
  requireClock(options.folder, options.authorities, nowMs);
  const made: string[] = [];
  const authorities = new Map<string, Pair>();
  for (const name of options.authorities) {
    let pair = await readPair(options.folder, name);
    if (pair === undefined || !isFresh(pair.certificate, nowMs)) {
      pair = await makeAuthority(name, nowMs);
      await writePair(options.folder, name, pair);
      made.push(name);
    }
    authorities.set(name, pair);
  }
  for (const spec of options.certificates) {
    const authority = authorities.get(spec.authority);
    if (authority === undefined) throw new Error(`certificate ${spec.name}: no authority ${spec.authority}`);
    const pair = await readPair(options.folder, spec.name);
    if (pair !== undefined && isFresh(pair.certificate, nowMs) && (await fits(pair.certificate, spec, authority)))
      continue;
    await writePair(options.folder, spec.name, await makeLeaf(spec, authority, nowMs));
    made.push(spec.name);
  }
  for (const name of options.keyPairs) {
    if ((await readFile(join(options.folder, `${name}.key`)).catch(() => undefined)) !== undefined) continue;
    const keys = await generateKeys();
    await writeAtomically(join(options.folder, `${name}.pub`), await publicPem(keys.publicKey));
    await writeAtomically(join(options.folder, `${name}.key`), await privatePem(keys.privateKey));
    made.push(name);
  }
  return made;
}

function isFresh(certificate: x509.X509Certificate, nowMs: number): boolean {
  const startMs = certificate.notBefore.getTime();
  const endMs = certificate.notAfter.getTime();
  return nowMs >= startMs && hasLifeLeft({ startMs, endMs }, nowMs);
}

async function fits(certificate: x509.X509Certificate, spec: CertificateSpec, authority: Pair): Promise<boolean> {
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? [];
  const wanted = alternativeNames(spec);
  return (
    certificate.subject === subjectOf(spec) &&
    JSON.stringify(names) === JSON.stringify(wanted) &&
    (await certificate.verify({ publicKey: authority.certificate.publicKey, signatureOnly: true }))
  );
}

const subjectOf = (spec: CertificateSpec): string =>
  new x509.Name([
    { CN: [spec.commonName] },
    ...(spec.organization === undefined ? [] : [{ O: [spec.organization] }]),
  ]).toString();

function alternativeNames(spec: CertificateSpec): x509.JsonGeneralNames {
  return [
    ...(spec.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(spec.addresses ?? []).map((value) => ({ type: 'ip' as const, value })),
  ];
}

async function makeAuthority(name: string, nowMs: number): Promise<Pair> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=fathom-${name}`,
    keys,
    ...validity(nowMs, AUTHORITY_DAYS),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, key: keys.privateKey };
}

async function makeLeaf(spec: CertificateSpec, authority: Pair, nowMs: number): Promise<Pair> {
  const keys = await generateKeys();
  const uses = { client: x509.ExtendedKeyUsage.clientAuth, server: x509.ExtendedKeyUsage.serverAuth };
  const names = alternativeNames(spec);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: subjectOf(spec),
    issuer: authority.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: authority.key,
    ...validity(nowMs, LEAF_DAYS),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(spec.use.map((use) => uses[use])),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
    ],
  });
  return { certificate, key: keys.privateKey };
}

/** A little in the past, so that a clock that is set back slightly does no harm. */
function validity(nowMs: number, days: number) {
  return { notBefore: new Date(nowMs - BACKDATE_MS), notAfter: new Date(nowMs + days * DAY_MS) };
}

const generateKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

async function readPair(folder: string, name: string): Promise<Pair | undefined> {
  try {
    const [certificate, key] = await Promise.all(
      ['crt', 'key'].map((ending) => readFile(join(folder, `${name}.${ending}`), 'utf8')),
    );
    const der = x509.PemConverter.decodeFirst(key ?? '');
    return {
      certificate: new x509.X509Certificate(certificate ?? ''),
      key: await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign']),
    };
  } catch {
    return undefined; // Missing or half-written: it is made anew.
  }
}

async function writePair(folder: string, name: string, { certificate, key }: Pair): Promise<void> {
  await writeAtomically(join(folder, `${name}.key`), await privatePem(key));
  await writeAtomically(join(folder, `${name}.crt`), `${certificate.toString('pem')}\n`);
}

async function writeAtomically(path: string, text: string): Promise<void> {
  await writeFile(`${path}.draft`, text, { mode: 0o600 });
  await rename(`${path}.draft`, path);
}

const pem = (label: string, data: ArrayBuffer) => `${x509.PemConverter.encode(data, label)}\n`;
const privatePem = async (key: CryptoKey) => pem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', key));
const publicPem = async (key: CryptoKey) => pem('PUBLIC KEY', await webcrypto.subtle.exportKey('spki', key));
