// Whether the names resolve that this machine's configuration fetches packages from. Nothing is fetched.
import { lookup } from 'node:dns/promises';
import { readFileSync, readdirSync } from 'node:fs';
import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Finding } from '../../embedded/preflight.ts';

type Env = Readonly<Record<string, string | undefined>>;

const LOOKUP_MS = 5_000;

/** Where packages come from: hosts by who says so, sorted. A proxy resolves the names itself. */
export function mirrorHosts(env: Env, etc = '/etc'): readonly string[] {
  const proxies = [env['https_proxy'], env['HTTPS_PROXY'], env['http_proxy'], env['HTTP_PROXY']].filter(Boolean);
  if (proxies.length > 0) return hostsIn(proxies.join(' '));
  const home = env['HOME'] || homedir();
  const apt = join(etc, 'apt');
  const aptFiles = [join(apt, 'sources.list'), ...list(join(apt, 'sources.list.d'))];
  const texts = [
    ...aptFiles.filter((path) => /\.(list|sources)$/.test(path)).map(read),
    ...[join(home, '.npmrc'), join(etc, 'npmrc')].map((path) => settings(read(path), 'registry')),
    ...[join(home, '.config/pip/pip.conf'), join(home, '.pip/pip.conf'), join(etc, 'pip.conf')].map((path) =>
      settings(read(path), 'index-url'),
    ),
    ...['GOPROXY', 'npm_config_registry', 'NPM_CONFIG_REGISTRY', 'PIP_INDEX_URL'].map((name) => env[name] ?? ''),
  ];
  return hostsIn(texts.join('\n'));
}

/** The finding about these hosts; `resolve` is that of node's DNS. */
export async function lookAtMirrors(
  hosts: readonly string[],
  resolve: (host: string) => Promise<unknown> = (host) => lookup(host),
): Promise<Finding> {
  const what = 'names of package mirrors';
  const late = sleep(LOOKUP_MS, 'late', { ref: false });
  const failed = await Promise.all(
    hosts.map(async (host) =>
      (await Promise.race([resolve(host).catch(() => 'late'), late])) === 'late' ? [host] : [],
    ),
  );
  const unresolved = failed.flat();
  if (unresolved.length > 0) {
    return {
      what,
      ok: false,
      isNote: true,
      say:
        `${unresolved.join(', ')} does not resolve: what was fetched once can be built, and nothing else. ` +
        'Look at /etc/resolv.conf and the network, or set mirrors that you reach.',
    };
  }
  return { what, ok: true, say: hosts.length === 0 ? 'none is configured' : `found: ${hosts.join(', ')}` };
}

/** Hosts of the URLs in a text; comments are left out, and addresses, which need no DNS. */
function hostsIn(text: string): readonly string[] {
  const urls = text.replaceAll(/^\s*#.*$/gm, '').match(/\bhttps?:\/\/[^\s,;'"|\]]+/g) ?? [];
  const hosts = urls.flatMap((url) => (URL.canParse(url) ? [new URL(url).hostname] : []));
  return [...new Set(hosts.filter((host) => isIP(host.replaceAll(/[[\]]/g, '')) === 0))].sort();
}

/** The values of one setting in a file of `name = value` lines. */
function settings(text: string, name: string): string {
  return text
    .split('\n')
    .filter((line) => line.split('=')[0]?.trim() === name)
    .join('\n');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}
