// Loads the kit's images into a node's containerd, for pods that must run before there is a registry.
import { readFile, writeFile } from 'node:fs/promises';
import { run } from './run.ts';

/** The content of a node's images.json. */
export interface ImageImports {
  readonly ctr: string;
  readonly socket: string;
  /** File that records what was imported. */
  readonly record: string;
  readonly images: readonly { readonly path: string; readonly reference: string; readonly digest: string }[];
}

/** Imports each image that the record or containerd does not have, so that a changed image replaces the old one. */
export async function importImages(configPath: string): Promise<void> {
  const config = JSON.parse(await readFile(configPath, 'utf8')) as ImageImports;
  const ctr = [config.ctr, '--address', config.socket, '--namespace', 'k8s.io'];
  const known = new Set((await run([...ctr, 'images', 'list', '--quiet'])).split('\n'));
  const recorded = new Set((await readFile(config.record, 'utf8').catch(() => '')).split('\n'));
  const lines = config.images.map(({ reference, digest }) => `${reference} ${digest}`);
  for (const [index, { path, reference }] of config.images.entries()) {
    if (known.has(reference) && recorded.has(lines[index] ?? '')) continue;
    await run([...ctr, 'images', 'import', path], { timeoutMs: 300_000 });
  }
  await writeFile(config.record, `${lines.join('\n')}\n`);
}
