// The page's own files: read once at the start, sent compressed, and not again where a browser has them.
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { constants, brotliCompressSync } from 'node:zlib';

export interface Asset {
  readonly type: string;
  readonly body: Buffer;
  readonly brotli: Buffer;
  readonly etag: string;
}

/** By path: `/app.js`; the page itself is `/`. */
export type Assets = ReadonlyMap<string, Asset>;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The files of a folder that are for browsers. Throws where the page is not among them. */
export async function readAssets(folder: string): Promise<Assets> {
  const names = (await readdir(folder)).filter((name) => TYPES[extname(name)] !== undefined);
  const assets = new Map<string, Asset>();
  for (const name of names) {
    const asset = assetOf(TYPES[extname(name)] ?? '', await readFile(join(folder, name)));
    assets.set(name === 'index.html' ? '/' : `/${name}`, asset);
  }
  if (!assets.has('/')) throw new Error(`Reading the page: there is no index.html in ${folder}`);
  return assets;
}

function assetOf(type: string, body: Buffer): Asset {
  const brotli = brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
  return { type, body, brotli, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"` };
}
