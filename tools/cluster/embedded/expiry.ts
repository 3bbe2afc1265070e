// How long a cluster's certificates are valid: a cluster that runs on and on is told of by `status` before they end.
import { X509Certificate } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { shownTime } from './clock.ts';

/** The part of a certificate's life that must be left; `up` makes it anew after that. */
export const RENEWED_AT = 1 / 3;

/** Whether more than {@link RENEWED_AT} of a life is left. */
export function hasLifeLeft(life: { readonly startMs: number; readonly endMs: number }, nowMs: number): boolean {
  return life.endMs - nowMs > (life.endMs - life.startMs) * RENEWED_AT;
}

/** A line about the certificate in `folder` that ends first; empty where there is none that can be read. */
export async function expiryLine(folder: string, nowMs: number): Promise<string> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.crt'));
  const lives = await Promise.all(names.map((name) => lifeOf(join(folder, name))));
  const [first] = lives.filter((life) => life !== undefined).sort((a, b) => a.endMs - b.endMs);
  if (first === undefined) return '';
  const until = `certificates until ${shownTime(first.endMs)}`;
  return hasLifeLeft(first, nowMs) ? until : `${until}: \`./fathom up\` makes them anew, and starts the cluster again`;
}

async function lifeOf(path: string): Promise<{ readonly startMs: number; readonly endMs: number } | undefined> {
  try {
    const { validFrom, validTo } = new X509Certificate(await readFile(path));
    return { startMs: Date.parse(validFrom), endMs: Date.parse(validTo) };
  } catch {
    return undefined; // Missing or half-written.
  }
}
