// Pull-through mirrors: what nodes pull from other registries comes through a registry of the cluster, which keeps it. Pure.
//
// A mirror runs on the host, as nodes and pods have no way out, and listens on the cluster's own link alone.
import { join } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import type { ServiceSpec } from '../init/spec.ts';
import type { Context } from './control_plane.ts';
import type { Layout } from './layout.ts';
import { addresses, type EmbeddedPlan, type MirrorPlan } from './plan.ts';

const FIRST_PORT = 5000;
/** In the place of an upstream: the registry is to be mirrored no more. */
const NONE = 'none';
// Where the name in references is not the name of the server.
const SERVERS: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };

/** What is wanted of the mirror of a registry: without `upstream`, that there is none. */
export type WantedMirror = Pick<MirrorPlan, 'host'> & Partial<MirrorPlan>;

/** Reads `--mirror`: `docker.io`, `example.com=http://192.0.2.1:5000`, or `docker.io=none`. Throws CLUSTER_MIRROR. */
export function parseMirror(text: string): WantedMirror {
  const [host = '', ...rest] = text.split('=');
  const isHost = /^[a-z0-9][a-z0-9.-]*(:\d+)?$/.test(host);
  if (isHost && rest.join('=') === NONE) return { host };
  const upstream = rest.length === 0 ? `https://${SERVERS[host] ?? host}` : rest.join('=');
  const url = URL.canParse(upstream) ? new URL(upstream) : undefined;
  const isServer = url !== undefined && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
  if (isHost && isServer) return { host, upstream: url.origin };
  throw new ToolError('CLUSTER_MIRROR', `Reading --mirror: '${text}' names no registry`, {
    hint:
      'Name one as references do, --mirror=docker.io, or with its address: --mirror=example.com=http://192.0.2.1:5000. ' +
      '--mirror=docker.io=none takes one away.',
  });
}

/** The plan with mirrors of these registries as well, or without; one that is there takes the new address. */
export function withMirrors(plan: EmbeddedPlan, wanted: readonly WantedMirror[]): EmbeddedPlan {
  const byHost = new Map<string, WantedMirror>();
  for (const one of [...(plan.mirrors ?? []), ...wanted]) byHost.set(one.host, one);
  const mirrors = [...byHost.values()].flatMap(({ host, upstream }) =>
    upstream === undefined ? [] : [{ host, upstream }],
  );
  return wanted.length === 0 ? plan : { ...plan, mirrors };
}

/** The name of the process that mirrors a registry. */
export function mirrorService(host: string): string {
  return `mirror-${host}`;
}

/** Whether that is the name of such a process. */
export function isMirror(service: string): boolean {
  return service.startsWith(mirrorService(''));
}

/** The processes that mirror. */
export function mirrorServices({ plan, layout, kit }: Context): readonly ServiceSpec[] {
  return mirrorsOf(plan).map(({ host, address, port }) => ({
    name: mirrorService(host),
    proxied: true,
    command: [kit.path('bin/registry'), 'serve', configPath(layout, host)],
    ready: { kind: 'port', host: address, port },
    after: ['switch'],
  }));
}

/** The mirrors' configuration, by path. */
export function mirrorFiles(plan: EmbeddedPlan, layout: Layout): Readonly<Record<string, string>> {
  const entries = mirrorsOf(plan).map(({ host, upstream, address, port }) => {
    const config = {
      version: '0.1',
      log: { level: 'warn', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: join(layout.mirrors, host) }, delete: { enabled: true } },
      http: { addr: `${address}:${port}` },
      // It keeps what it has: without `ttl` it would for a week.
      proxy: { remoteurl: upstream, ttl: '0s' },
    };
    return [configPath(layout, host), `${JSON.stringify(config, null, 2)}\n`] as const;
  });
  return Object.fromEntries(entries);
}

/** Registry → where nodes ask for what they pull from it. */
export function mirrorEndpoints(plan: EmbeddedPlan): Readonly<Record<string, string>> {
  return Object.fromEntries(mirrorsOf(plan).map(({ host, address, port }) => [host, `http://${address}:${port}`]));
}

const mirrorsOf = (plan: EmbeddedPlan) =>
  (plan.mirrors ?? []).map((mirror, index) => ({ ...mirror, address: addresses.host(plan), port: FIRST_PORT + index }));

const configPath = (layout: Layout, host: string) => join(layout.config, `mirror-${host}.json`);
