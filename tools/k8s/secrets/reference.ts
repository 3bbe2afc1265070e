// What stands for a secret value in a manifest: `${fathom-secret://PROVIDER/…}`, alone or inside of a text. Pure.
import { ToolError } from '../../lib/errors.ts';
import { nearest } from '../../lib/nearest.ts';

export const PROVIDERS = ['sops', 'env', 'file', 'generated'] as const;
export type Provider = (typeof PROVIDERS)[number];

export const ENCODINGS = ['url', 'base64'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** Where a value comes from. */
export interface SecretReference {
  readonly provider: Provider;
  /** The file, or the name of the environment variable, or that of the Secret that keeps a generated value. */
  readonly place: string;
  /** The entry of the file: its keys joined by dots. Undefined: all of the file. Of a Secret: the key. */
  readonly key: string | undefined;
  /** How the value is written. Default: as it is. */
  readonly encoding: Encoding | undefined;
  /** As it was written, without `${` and `}`. */
  readonly text: string;
}

const MARK = 'fathom-secret:';
const REFERENCE = /\$\{(fathom-secret:[^{}]*)\}/g;
const SECRET_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const SECRET_KEY = /^[-._a-zA-Z0-9]{1,253}$/;
const FORMS = [
  '${fathom-secret://sops/services/x/secrets.yaml#redis.password}',
  '${fathom-secret://env/REDIS_PASSWORD}',
  '${fathom-secret://file//run/secrets/redis}',
  '${fathom-secret://generated/redis#password}',
];
const HINT = `Write it as one of ${FORMS.join(', ')}, or make it with jsonnet/secret.libsonnet.`;

/** Whether `text` means to have a reference in it, right or wrong. */
export function mentionsReference(text: string): boolean {
  return text.includes(MARK);
}

/** The references in a text. Throws K8S_SECRET_REFERENCE, with `where` it is, for what is none. */
export function referencesIn(text: string, where: string): SecretReference[] {
  if (mentionsReference(text.replaceAll(REFERENCE, ''))) {
    throw refused(where, "it stands outside of '${' and '}'");
  }
  return [...text.matchAll(REFERENCE)].map(([, reference = '']) => parseReference(reference, where));
}

/** `text` with each reference replaced by its value. */
export function replaceReferences(text: string, valueOf: (reference: string) => string): string {
  return text.replaceAll(REFERENCE, (_match, reference: string) => valueOf(reference));
}

/** Whether the text is one reference and nothing else, so that its value may be any bytes. */
export function isWholeReference(text: string): boolean {
  return text.replace(REFERENCE, '') === '' && [...text.matchAll(REFERENCE)].length === 1;
}

function parseReference(text: string, where: string): SecretReference {
  const url = URL.parse(text);
  if (url === null || !text.startsWith(`${MARK}//`)) throw refused(where, `'${text}' is no address`);
  const provider = PROVIDERS.find((one) => one === url.host);
  if (provider === undefined) {
    const known = `known are ${PROVIDERS.join(', ')}, the nearest is '${nearest(url.host, PROVIDERS)}'`;
    throw refused(where, `'${text}' has provider '${url.host}'; ${known}`);
  }
  const place = decode(url.pathname.slice(1));
  const key = url.hash === '' ? undefined : decode(url.hash.slice(1));
  if (place === undefined || place === '') throw refused(where, `'${text}' names no ${nounOf(provider)}`);
  if (url.hash !== '' && (key === undefined || key === '')) throw refused(where, `'${text}' has an empty entry`);
  if (provider === 'sops' && key === undefined) throw refused(where, `'${text}' names no entry of the file`);
  if (provider === 'generated' && (!SECRET_NAME.test(place) || key === undefined || !SECRET_KEY.test(key))) {
    throw refused(where, `'${text}' is not the name of a Secret and a key of it`);
  }
  if (provider === 'env' && (key !== undefined || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(place))) {
    throw refused(where, `'${text}' is not the name of an environment variable`);
  }
  return { provider, place, key, encoding: encodingOf(url, text, where), text };
}

function encodingOf(url: URL, text: string, where: string): Encoding | undefined {
  const entries = [...url.searchParams];
  if (entries.length === 0) return undefined;
  const [name, value] = entries[0] ?? [];
  const encoding = ENCODINGS.find((one) => one === value);
  if (entries.length === 1 && name === 'encode' && encoding !== undefined) return encoding;
  throw refused(where, `'${text}' has '${url.search}'; only ?encode=${ENCODINGS.join(' and ?encode=')} is known`);
}

function nounOf(provider: Provider): string {
  if (provider === 'generated') return 'Secret';
  return provider === 'env' ? 'variable' : 'file';
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function refused(where: string, problem: string): ToolError {
  return new ToolError('K8S_SECRET_REFERENCE', `Reading the secret reference of ${where}: ${problem}`, { hint: HINT });
}
