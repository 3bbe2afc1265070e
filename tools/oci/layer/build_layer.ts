// From a parameter file to a layer's blob and descriptor: what the OciLayer action does.
import { rm, writeFile } from 'node:fs/promises';
import { asObject, asString, invalid } from '../image/model.ts';
import type { Compression } from '../image/media_types.ts';
import { writeLayer } from './blob.ts';
import { type LayerSource, parseSources, readSources } from './sources.ts';

/** The parameter file. */
export interface LayerParameters {
  readonly blob: string;
  readonly descriptor: string;
  readonly createdBy: string;
  readonly compression: Compression;
  readonly level?: number;
  readonly sources: readonly LayerSource[];
}

/** Reads sources, writes blob and descriptor; scratch files are gone afterwards. */
export async function buildLayer(parameters: LayerParameters): Promise<void> {
  const { blob, descriptor, compression, level, createdBy } = parameters;
  const spool = `${blob}.spool`;
  try {
    const entries = await readSources(parameters.sources, spool);
    const options = { entries, path: blob, compression, createdBy, ...(level === undefined ? {} : { level }) };
    await writeFile(descriptor, `${JSON.stringify(await writeLayer(options))}\n`);
  } finally {
    const files = parameters.sources.flatMap((_, index) =>
      ['', '.control', '.data'].map((end) => `${spool}.${index}${end}`),
    );
    await Promise.all(files.map((file) => rm(file, { force: true })));
  }
}

/** The parameters out of parsed JSON. Throws OCI_DOCUMENT_INVALID. */
export function parseParameters(value: unknown, where: string): LayerParameters {
  const object = asObject(value, where);
  const compression = asString(object['compression'], `${where}.compression`);
  if (compression !== 'zstd' && compression !== 'gzip' && compression !== 'none') {
    throw invalid(`${where}.compression`, `is ${compression}, not zstd, gzip or none`);
  }
  const level = object['level'];
  return {
    blob: asString(object['blob'], `${where}.blob`),
    descriptor: asString(object['descriptor'], `${where}.descriptor`),
    createdBy: asString(object['createdBy'], `${where}.createdBy`),
    compression,
    ...(typeof level === 'number' && level > 0 ? { level } : {}),
    sources: parseSources(object['sources'], `${where}.sources`),
  };
}
