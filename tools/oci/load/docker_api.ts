// The few calls of Docker's Engine API that loading an image takes. https://docs.docker.com/reference/api/engine/
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';
import { http } from '../../lib/http.ts';
import { asArray, asObject } from '../image/model.ts';

/** Where a daemon listens. */
export type DockerAddress = { readonly socketPath: string } | { readonly host: string; readonly port: number };

/** An answer may not be longer: a list of images has a few hundred bytes for each. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** A daemon that does not begin to answer a question within this time hangs. Loading has no such limit. */
const ANSWER_TIMEOUT_MS = 30_000;

/** DOCKER_HOST as an address; default: the socket of the system's daemon. Throws OCI_DOCKER_HOST. */
export function dockerAddress(host: string | undefined): DockerAddress {
  const text = host === undefined || host === '' ? 'unix:///var/run/docker.sock' : host;
  if (text.startsWith('unix://')) return { socketPath: text.slice('unix://'.length) };
  const tcp = /^(?:tcp|http):\/\/([^:/]+):(\d+)\/?$/.exec(text);
  if (tcp !== null) return { host: tcp[1] ?? '', port: Number(tcp[2]) };
  throw new ToolError('OCI_DOCKER_HOST', `Finding the Docker daemon: DOCKER_HOST is ${JSON.stringify(text)}`, {
    hint: 'Give it as unix:///path or tcp://host:port.',
  });
}

/** One daemon. */
export class DockerApi {
  readonly #address: DockerAddress;
  readonly #signal: AbortSignal;

  constructor(address: DockerAddress, signal: AbortSignal) {
    this.#address = address;
    this.#signal = signal;
  }

  /** Whether the daemon keeps its images in containerd's store, which takes image layouts and not its old archives. */
  async usesContainerdStore(): Promise<boolean> {
    const info = asObject(await this.#get('/info'), 'docker info');
    return JSON.stringify(info['DriverStatus'] ?? '').includes('io.containerd.snapshotter');
  }

  /** The diff ids of each image that the daemon has, lowest first. */
  async layersOfImages(): Promise<readonly (readonly string[])[]> {
    const images = asArray(await this.#get('/images/json?all=1'), 'docker images');
    const found: string[][] = [];
    for (const image of images) {
      const id = String(asObject(image, 'docker images')['Id']);
      const details = asObject(await this.#get(`/images/${encodeURIComponent(id)}/json`), id);
      const layers = asObject(details['RootFS'] ?? {}, id)['Layers'];
      if (Array.isArray(layers)) found.push(layers.map(String));
    }
    return found;
  }

  /** Loads an archive. Throws OCI_DOCKER_LOAD with the daemon's own words. */
  async load(archive: AsyncIterable<Buffer>): Promise<void> {
    const answer = await this.#send('POST', '/images/load?quiet=1', archive);
    for (const line of answer.split('\n').filter((text) => text.trim() !== '')) {
      const { error } = asObject(JSON.parse(line), 'docker load');
      if (error !== undefined) {
        throw new ToolError('OCI_DOCKER_LOAD', `Loading the image into Docker: ${String(error)}`, {
          hint: 'Look into the daemon’s log; `--all-layers` loads without relying on what it has.',
        });
      }
    }
  }

  async #get(path: string): Promise<unknown> {
    return JSON.parse(await this.#send('GET', path)) as unknown;
  }

  async #send(method: string, path: string, body?: AsyncIterable<Buffer>): Promise<string> {
    const headers = body === undefined ? {} : { 'content-type': 'application/x-tar' };
    const timeout = body === undefined ? { timeout: ANSWER_TIMEOUT_MS } : {};
    // A connection that is kept has the limits of the request before, and a load may be silent for longer.
    const agent = new http.Agent({ keepAlive: false });
    const sending = http.request({ ...this.#address, agent, method, path, headers, signal: this.#signal, ...timeout });
    sending.on('timeout', () => sending.destroy(new Error(`no answer within ${ANSWER_TIMEOUT_MS} ms`)));
    try {
      const answered = new Promise<IncomingMessage>((resolve, reject) => {
        sending.on('response', resolve);
        sending.on('error', reject);
      });
      if (body === undefined) sending.end();
      // A daemon that refuses what it gets may answer and close before all is sent.
      else pipeline(Readable.from(body), sending).catch((error: Error) => sending.destroy(error));
      return await readAnswer(await answered, `${method} ${path}`);
    } catch (error) {
      if (error instanceof ToolError) throw error;
      throw new ToolError(
        'OCI_DOCKER_UNREACHABLE',
        `Asking the Docker daemon at ${shown(this.#address)}: ${systemErrorCode(error) ?? String(error)}`,
        { cause: error, hint: 'Start it, or set DOCKER_HOST to where it listens.' },
      );
    }
  }
}

async function readAnswer(response: IncomingMessage, what: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (response.statusCode !== 200) {
    throw new ToolError(
      'OCI_DOCKER_LOAD',
      `Asking the Docker daemon for ${what}: ${response.statusCode} ${text.trim()}`,
      {
        hint: 'Look into the daemon’s log.',
      },
    );
  }
  return text;
}

function shown(address: DockerAddress): string {
  return 'socketPath' in address ? address.socketPath : `${address.host}:${address.port}`;
}
