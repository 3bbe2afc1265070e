// A folder at an address of the loopback.
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { systemErrorCode, ToolError } from '../../../lib/errors.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

export interface FolderServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>/`. */
  readonly url: string;
}

/** Serves the files of a folder; ends with its scope. Throws SITE_PORT where the port is taken. Port 0 is a free one. */
export async function serveFolder(folder: string, port: number): Promise<FolderServer> {
  const server = createServer((request, response) => {
    answer(folder, request.url ?? '/', response).catch(() => response.destroy());
  });
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new ToolError('SITE_PORT', `Listening on 127.0.0.1:${port}: ${systemErrorCode(cause) ?? 'it failed'}`, {
      cause,
      hint: 'Give another port with --port, or leave it out for a free one.',
    });
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(folder: string, url: string, response: ServerResponse): Promise<void> {
  // Normalized from the root, so that no `..` is left.
  const path = normalize(pathOf(url));
  const file = join(folder, path.endsWith('/') ? `${path}index.html` : path);
  const type = TYPES[extname(file)];
  const found = await stat(file).catch(() => undefined);
  if (type === undefined || found?.isFile() !== true) {
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end(`there is no ${path}\n`);
    return;
  }
  response.writeHead(200, { 'content-type': type, 'content-length': found.size, 'cache-control': 'no-cache' });
  await pipeline(createReadStream(file), response);
}

function pathOf(url: string): string {
  try {
    return decodeURIComponent(new URL(url, 'http://x').pathname);
  } catch {
    return '/';
  }
}
