// The cluster's own certificate authority and what it signs. Names and organisations are those that Kubernetes' RBAC
// expects (https://kubernetes.io/docs/setup/best-practices/certificates/).
import 'reflect-metadata';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { systemErrorCode } from '../../lib/errors.ts';

/** A certificate to be signed by the cluster's authority. */
export interface CertificateRequest {
  /** File name without ending. */
  readonly file: string;
  readonly commonName: string;
  readonly organization?: string;
  /** IP addresses and DNS names of a server. Default: a client's certificate alone. */
  readonly servers?: readonly string[];
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const VALID_MS = 365 * DAY_MS;
const RENEW_MS = 60 * DAY_MS;

/**
 * Makes sure that `folder` has `ca.crt`, each request's `<file>.crt` and `.key`, and `service-accounts.key`/`.pub`; what
 * is there and valid for 60 more days stays. Keys have mode 0600.
 */
export async function ensureCertificates(folder: string, requests: readonly CertificateRequest[]): Promise<void> {
  x509.cryptoProvider.set(webcrypto as never);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const authority = (await readPair(folder, 'ca')) ?? (await makeAuthority(folder));
  for (const request of requests) {
    const present = await readPair(folder, request.file);
    if (present === undefined || !covers(present.certificate, request)) await sign(folder, authority, request);
  }
  if ((await readText(join(folder, 'service-accounts.key'))) === undefined) {
    const pair = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'sec1', format: 'pem' },
    });
    await writeKey(join(folder, 'service-accounts.key'), pair.privateKey);
    await writeFile(join(folder, 'service-accounts.pub'), pair.publicKey);
  }
}

interface Pair {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

async function makeAuthority(folder: string): Promise<Pair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=fathom',
    keys: keys as webcrypto.CryptoKeyPair,
    signingAlgorithm: ALGORITHM,
    ...validity(10 * VALID_MS),
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return writePair(folder, 'ca', certificate, keys as webcrypto.CryptoKeyPair);
}

async function sign(folder: string, authority: Pair, request: CertificateRequest): Promise<void> {
  const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const servers = request.servers ?? [];
  const usages: string[] = [x509.ExtendedKeyUsage.clientAuth];
  if (servers.length > 0) usages.push(x509.ExtendedKeyUsage.serverAuth);
  const names = servers.map((name) => ({
    type: /^[0-9.]+$/.test(name) ? ('ip' as const) : ('dns' as const),
    value: name,
  }));
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [
      ...(request.organization === undefined ? [] : [`O=${request.organization}`]),
      `CN=${request.commonName}`,
    ].join(', '),
    issuer: authority.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: ALGORITHM,
    ...validity(VALID_MS),
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(usages),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  await writePair(folder, request.file, certificate, keys);
}

/** Whether a certificate can still serve a request: long enough, and for all its names. */
function covers(certificate: x509.X509Certificate, request: CertificateRequest): boolean {
  const names =
    certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items.map((name) => name.value) ?? [];
  return (
    certificate.notAfter.getTime() > Date.now() + RENEW_MS &&
    (request.servers ?? []).every((server) => names.includes(server))
  );
}

function validity(ms: number): { notBefore: Date; notAfter: Date } {
  // A day back: clocks of machines differ.
  return { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + ms) };
}

async function readPair(folder: string, file: string): Promise<Pair | undefined> {
  const [certificate, key] = await Promise.all([
    readText(join(folder, `${file}.crt`)),
    readText(join(folder, `${file}.key`)),
  ]);
  if (certificate === undefined || key === undefined) return undefined;
  const parsed = new x509.X509Certificate(certificate);
  const privateKey = await webcrypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(key), ALGORITHM, true, [
    'sign',
  ]);
  return {
    certificate: parsed,
    keys: { privateKey, publicKey: (await parsed.publicKey.export()) as webcrypto.CryptoKey },
  };
}

async function writePair(
  folder: string,
  file: string,
  certificate: x509.X509Certificate,
  keys: webcrypto.CryptoKeyPair,
): Promise<Pair> {
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  await writeKey(join(folder, `${file}.key`), x509.PemConverter.encode(key, 'PRIVATE KEY'));
  await writeFile(join(folder, `${file}.crt`), `${certificate.toString('pem')}\n`);
  return { certificate, keys };
}

async function writeKey(path: string, text: string): Promise<void> {
  await writeFile(path, `${text}\n`, { mode: 0o600 });
  await chmod(path, 0o600);
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
