// The part of a bundle out of the cluster's state folder: named files and logs alone, so that no key gets in by chance.
import { X509Certificate } from 'node:crypto';
import { lstat, readFile, readdir, realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { hideValue } from '../../../lib/redact.ts';
import { hostLinkName } from '../../embedded/cluster_spec.ts';
import { layoutOf } from '../../embedded/layout.ts';
import { makePlan } from '../../embedded/plan.ts';
import type { Collection } from './collection.ts';

const RECORDS = ['cluster.json', 'plan.json', 'init.pid.json', 'started', 'k3d.yaml', 'registries.yaml'];
/** Folders of the state folder and what is taken of each: logs, how processes fare, what inits are told. */
const FOLDERS: readonly (readonly [folder: string, names: RegExp])[] = [
  ['log', /\.log(\.1)?$|^status\.json$/],
  ['config', /\.init\.json$/],
];
const NODE_FOLDERS: typeof FOLDERS = [
  ['log/fathom', /\.log(\.1)?$|^status\.json$/],
  ['config', /\.init\.json$|^init\.json$|^(containerd\.toml|kubelet\.json|kube-proxy\.json|images\.json|hosts\.toml)$/],
];
const MAX_LISTED = 4_000;

/** Collects what the state folder tells; hides the keys in it first. */
export async function collectState(bundle: Collection, folder: string): Promise<void> {
  const found = await lstat(folder).catch(() => undefined);
  if (found === undefined) return bundle.note(folder, 'there is no cluster, and no state');
  const base = await realpath(folder);
  await bundle.part('hiding the keys of the state folder', () => hideKeys(base));
  await bundle.part('state/listing.txt', async () => bundle.put('state/listing.txt', await listing(base)));
  await bundle.part('state/certificates.txt', async () =>
    bundle.put('state/certificates.txt', await certificates(base)),
  );
  const names = await readdir(base).catch((error: unknown): string[] => {
    bundle.note(base, error);
    return [];
  });
  for (const name of RECORDS.filter((one) => names.includes(one))) await bundle.file(`state/${name}`, join(base, name));
  await collectFolders(bundle, base, { at: '', folders: FOLDERS });
  const nodes = await readdir(join(base, 'nodes')).catch(() => []);
  for (const node of nodes) await collectFolders(bundle, base, { at: join('nodes', node), folders: NODE_FOLDERS });
}

async function collectFolders(
  bundle: Collection,
  base: string,
  { at, folders }: { readonly at: string; readonly folders: typeof FOLDERS },
): Promise<void> {
  for (const [folder, pattern] of folders) {
    for await (const path of below(join(base, at, folder))) {
      const inside = relative(base, path);
      if (pattern.test(path.split('/').at(-1) ?? '')) await bundle.file(`state/${inside}`, path);
    }
  }
}

/** Files below a folder; links are not followed. */
async function* below(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* below(path);
    else if (entry.isFile()) yield path;
  }
}

/** Whatever of them is in a log stays out of the bundle. */
async function hideKeys(base: string): Promise<void> {
  for await (const path of below(join(base, 'pki'))) {
    if (!path.endsWith('.key')) continue;
    const pem = await readFile(path, 'utf8');
    hideValue(pem);
    hideValue(pem.replaceAll(/-----[^-]*-----|\s/g, ''));
  }
}

/** Names, sizes, modes and times, of the folders that are not huge. */
async function listing(base: string): Promise<string> {
  const lines: string[] = [];
  const walk = async (folder: string, depth: number): Promise<void> => {
    for (const name of (await readdir(folder).catch((): string[] => [])).sort()) {
      if (lines.length >= MAX_LISTED) return;
      const path = join(folder, name);
      const found = await lstat(path).catch(() => undefined);
      if (found === undefined) continue;
      const mode = (found.mode & 0o7777).toString(8).padStart(4, '0');
      const kind = found.isDirectory() ? 'd' : found.isSymbolicLink() ? 'l' : '-';
      lines.push(
        `${kind}${mode} ${String(found.size).padStart(10)} ${found.mtime.toISOString()} ${relative(base, path)}`,
      );
      if (found.isDirectory() && depth > 0) await walk(path, depth - 1);
    }
  };
  await walk(base, 3);
  return `${lines.join('\n')}\n`;
}

/** For whom certificates are, and from when to when. */
async function certificates(base: string): Promise<string> {
  const { pki } = layoutOf(base);
  const names = (await readdir(pki).catch(() => [])).filter((name) => name.endsWith('.crt')).sort();
  const lines = await Promise.all(
    names.map(async (name) => {
      try {
        const { subject, issuer, validFrom, validTo } = new X509Certificate(await readFile(join(pki, name)));
        const words = [subject, issuer].map((text) => text.replaceAll('\n', ', '));
        return `${name}: ${words[0]}, by ${words[1]}, from ${validFrom} to ${validTo}`;
      } catch (error) {
        return `${name}: ${String(error)}`;
      }
    }),
  );
  return `${lines.join('\n')}\n`;
}

/** What the host has of the cluster: its link, routes, rules. */
export async function collectNetwork(bundle: Collection, folder: string): Promise<void> {
  // Named after the folder alone, so that a broken plan does not matter.
  const { id } = makePlan({ name: 'x', folder, range: { base: 0, prefix: 16 }, registryPort: 0 });
  const link = hostLinkName(id);
  const options = { mayFail: true, timeoutMs: 10_000 };
  await bundle.command('network/link.txt', ['ip', '-details', '-statistics', 'address', 'show', 'dev', link], options);
  await bundle.command('network/addresses.txt', ['ip', '-brief', 'address'], options);
  await bundle.command('network/routes.txt', ['ip', 'route', 'show', 'table', 'all'], options);
  await bundle.command('network/iptables.txt', ['iptables-save', '-c'], options);
  await bundle.command('network/nft.txt', ['nft', 'list', 'ruleset'], options);
  await bundle.command('network/listening.txt', ['ss', '-ltn'], options);
}
