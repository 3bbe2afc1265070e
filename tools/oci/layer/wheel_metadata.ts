// What an installed Python package says of its licence.
// Format: https://packaging.python.org/en/latest/specifications/core-metadata/#license-expression
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The licence in the METADATA of an unpacked wheel: its SPDX expression, else a short name; undefined: it says none. */
export async function wheelLicence(folder: string): Promise<string | undefined> {
  const info = (await readdir(folder)).find((name) => name.endsWith('.dist-info'));
  if (info === undefined) return undefined;
  const text = await readFile(join(folder, info, 'METADATA'), 'utf8').catch(() => '');
  return metadataLicence(text);
}

/** {@link wheelLicence} of METADATA that was read already. */
export function metadataLicence(text: string): string | undefined {
  // Headers end at an empty line; what follows is the description, in which anything may stand.
  const headers = text.split(/\r?\n\r?\n/, 1)[0] ?? '';
  const header = (name: string) => new RegExp(`^${name}:[ \\t]*(\\S.*)$`, 'im').exec(headers)?.[1]?.trim();
  const free = header('License');
  return header('License-Expression') ?? (free !== undefined && free.length < 80 ? free : undefined);
}
