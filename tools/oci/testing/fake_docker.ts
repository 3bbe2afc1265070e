// What a Docker daemon answers, and what it was sent.
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { extract } from 'tar-stream';

/** A daemon that is none. */
export interface FakeDocker extends AsyncDisposable {
  /** Where it listens: DOCKER_HOST is `unix://` and this. */
  readonly socketPath: string;
  /** Name → content of the files in the last archive. */
  readonly archive: Map<string, Buffer>;
  /** How many requests came over each connection. */
  readonly requests: number[];
}

/** A daemon that has some images and takes archives: what old and new ones answer, without their side effects. */
export async function startFakeDocker(
  folder: string,
  answers: { images?: string[][]; driver?: unknown; load?: string },
): Promise<FakeDocker> {
  const archive = new Map<string, Buffer>();
  const connections = new Map<Socket, number>();
  const server: Server = createServer((request, response) => {
    connections.set(request.socket, (connections.get(request.socket) ?? 0) + 1);
    const answer = (value: unknown) => response.end(JSON.stringify(value));
    const url = request.url ?? '';
    const image = /^\/images\/(\d+)\/json$/.exec(url);
    if (url === '/info') answer({ DriverStatus: answers.driver ?? [['Backing Filesystem', 'extfs']] });
    else if (url.startsWith('/images/json')) answer((answers.images ?? []).map((_, index) => ({ Id: String(index) })));
    else if (image !== null) answer({ RootFS: { Layers: answers.images?.[Number(image[1])] } });
    else
      void (async () => {
        archive.clear();
        for await (const entry of request.pipe(extract())) {
          const chunks: Buffer[] = [];
          for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
          archive.set(entry.header.name, Buffer.concat(chunks));
        }
        response.end(answers.load ?? '{"stream":"Loaded"}\n');
      })();
  });
  const socketPath = join(folder, 'd.sock');
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    socketPath,
    archive,
    get requests() {
      return [...connections.values()];
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
