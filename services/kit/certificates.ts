// Certificates from files, such as a mounted secret has: checked when they are read, and read again when they change.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { experimental } from '@grpc/grpc-js';
import { ConfigError } from './config.ts';
import type { Logger } from './log.ts';

/** Paths of files in PEM. */
export interface CertificateFiles {
  /** The certificate of this process, with those between it and its authority. */
  readonly certFile?: string | undefined;
  /** Its key. */
  readonly keyFile?: string | undefined;
  /** The authorities whose certificates of others are taken. */
  readonly caFile?: string | undefined;
}

/** The variables that hold those paths, for messages. */
export interface CertificateVariables {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

/** What the files hold. */
export interface Certificates {
  readonly identity: { readonly certificate: Buffer; readonly privateKey: Buffer } | null;
  readonly ca: Buffer | null;
  /** When the first of them expires, of `Date.now()`; Infinity where there is none. */
  readonly expiresMs: number;
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function certificatesIn(pem: Buffer, name: string, problems: string[]): X509Certificate[] {
  const found = pem.toString('latin1').match(PEM) ?? [];
  if (found.length === 0) problems.push(`${name} must hold a certificate in PEM`);
  return found.flatMap((text, index) => {
    try {
      return [new X509Certificate(text)];
    } catch (error) {
      problems.push(`${name}: certificate ${index + 1} cannot be read: ${(error as Error).message}`);
      return [];
    }
  });
}

function keyIn(pem: Buffer, name: string, problems: string[]): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isEncrypted = code === 'ERR_MISSING_PASSPHRASE' || pem.includes('ENCRYPTED');
    problems.push(`${name} must hold a private key in PEM${isEncrypted ? ', and without a passphrase' : ''}`);
    return undefined;
  }
}

/** Reads the files and checks that they fit one another; throws one ConfigError that names all problems. */
export function readCertificates(files: CertificateFiles, variables: CertificateVariables): Certificates {
  const problems: string[] = [];
  const read = (key: keyof CertificateFiles): { readonly bytes: Buffer; readonly name: string } | undefined => {
    const path = files[key] ?? '';
    if (path === '') return undefined;
    const name = `${variables[key]}: ${path}`;
    try {
      return { bytes: readFileSync(path), name };
    } catch (error) {
      problems.push(`${name}: reading it: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
      return undefined;
    }
  };
  if ((files.certFile ?? '') === '' && (files.keyFile ?? '') !== '') {
    problems.push(`${variables.keyFile} is set, and ${variables.certFile} is not: set both, or none`);
  } else if ((files.certFile ?? '') !== '' && (files.keyFile ?? '') === '') {
    problems.push(`${variables.certFile} is set, and ${variables.keyFile} is not: set both, or none`);
  }
  const [cert, key, ca] = [read('certFile'), read('keyFile'), read('caFile')];
  const own = cert === undefined ? [] : certificatesIn(cert.bytes, cert.name, problems);
  const authorities = ca === undefined ? [] : certificatesIn(ca.bytes, ca.name, problems);
  const privateKey = key === undefined ? undefined : keyIn(key.bytes, key.name, problems);
  const [leaf] = own;
  if (leaf !== undefined && privateKey !== undefined && !leaf.checkPrivateKey(privateKey)) {
    problems.push(`${key?.name} is not the key of the certificate in ${cert?.name}: give the two that belong together`);
  }
  if (leaf !== undefined && Date.parse(leaf.validTo) <= Date.now()) {
    problems.push(`${cert?.name}: the certificate has expired on ${new Date(leaf.validTo).toISOString()}: renew it`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    identity: cert === undefined || key === undefined ? null : { certificate: cert.bytes, privateKey: key.bytes },
    ca: ca?.bytes ?? null,
    expiresMs: Math.min(
      ...[...own, ...authorities].map(({ validTo }) => Date.parse(validTo)),
      Number.POSITIVE_INFINITY,
    ),
  };
}

/** Options of {@link CertificateWatcher}. */
export interface CertificateWatcherOptions {
  readonly files: CertificateFiles;
  readonly variables: CertificateVariables;
  readonly log: Logger;
  /** How often the files are looked at, in milliseconds. Default: 10 000. */
  readonly intervalMs?: number;
}

type Provider = experimental.CertificateProvider;
type IdentityListener = Parameters<Provider['addIdentityCertificateListener']>[0];
type CaListener = Parameters<Provider['addCaCertificateListener']>[0];

const same = (a: Buffer | undefined | null, b: Buffer | undefined | null) =>
  a === b || (a !== undefined && a !== null && b !== undefined && b !== null && a.equals(b));

/**
 * Certificates for grpc-js that follow their files. What is there at first must be good; what comes later and is not, as
 * while only one of two files has been replaced, is logged once, and the last good ones stay in use.
 */
export class CertificateWatcher implements Provider {
  readonly #options: CertificateWatcherOptions;
  readonly #identityListeners = new Set<IdentityListener>();
  readonly #caListeners = new Set<CaListener>();
  #current: Certificates;
  #timer: NodeJS.Timeout | undefined;
  #lastProblem = '';

  constructor(options: CertificateWatcherOptions) {
    this.#options = options;
    this.#current = readCertificates(options.files, options.variables);
  }

  /** What is in use. */
  get current(): Certificates {
    return this.#current;
  }

  /** Looks at the files now; true where something else is in use from now on. */
  refresh(): boolean {
    const { files, variables, log } = this.#options;
    let found: Certificates;
    try {
      found = readCertificates(files, variables);
    } catch (error) {
      const problems = error instanceof ConfigError ? error.problems : [String(error)];
      const problem = problems.join('; ');
      if (problem !== this.#lastProblem) log.error({ problems }, 'changed certificates are not used');
      this.#lastProblem = problem;
      return false;
    }
    this.#lastProblem = '';
    const { identity, ca } = this.#current;
    const isSame =
      same(identity?.certificate, found.identity?.certificate) &&
      same(identity?.privateKey, found.identity?.privateKey) &&
      same(ca, found.ca);
    if (isSame) return false;
    this.#current = found;
    const { expiresMs } = found;
    log.info(
      { expires: Number.isFinite(expiresMs) ? new Date(expiresMs).toISOString() : null },
      'certificates have changed',
    );
    for (const listener of this.#identityListeners) listener(found.identity);
    for (const listener of this.#caListeners) listener(this.#ca());
    return true;
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.add(listener);
    this.#watch();
    process.nextTick(() => listener(this.#current.identity));
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.delete(listener);
    this.#watch();
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#caListeners.add(listener);
    this.#watch();
    process.nextTick(() => listener(this.#ca()));
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#caListeners.delete(listener);
    this.#watch();
  }

  #ca(): { caCertificate: Buffer } | null {
    return this.#current.ca === null ? null : { caCertificate: this.#current.ca };
  }

  /** Watches while anybody listens. */
  #watch(): void {
    const isNeeded = this.#identityListeners.size + this.#caListeners.size > 0;
    if (!isNeeded) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else if (this.#timer === undefined) {
      this.#timer = setInterval(() => this.refresh(), this.#options.intervalMs ?? 10_000).unref();
      // Since nobody listened any more nobody has looked: a caller without a connection does not listen.
      this.refresh();
    }
  }
}
