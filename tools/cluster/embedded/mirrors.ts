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
// Where the name in references is not the name of the server.
const SERVERS: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };

/** Reads `--mirror`: `docker.io`, or `example.com=http://192.0.2.1:5000`. Throws CLUSTER_MIRROR. */
export function parseMirror(text: string): MirrorPlan {
  const [host = '', ...rest] = text.split('=');
  const upstream = rest.length === 0 ? `https://${SERVERS[host] ?? host}` : rest.join('=');
  const url = URL.canParse(upstream) ? new URL(upstream) : undefined;
  const isServer = url !== undefined && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
  if (/^[a-z0-9][a-z0-9.-]*(:\d+)?$/.test(host) && isServer) return { host, upstream: url.origin };
  throw new ToolError('CLUSTER_MIRROR', `Reading --mirror: '${text}' names no registry`, {
    hint: 'Name one as references do, --mirror=docker.io, or with its address: --mirror=example.com=http://192.0.2.1:5000.',
  });
}

/** The plan with mirrors of these registries as well; one that is there takes the new address. */
export function withMirrors(plan: EmbeddedPlan, wanted: readonly MirrorPlan[]): EmbeddedPlan {
  const known = plan.mirrors ?? [];
  const changed = known.map((one) => wanted.find(({ host }) => host === one.host) ?? one);
  const added = wanted.filter(({ host }) => !known.some((one) => one.host === host));
  return wanted.length === 0 ? plan : { ...plan, mirrors: [...changed, ...added] };
}

/** The processes that mirror. */
export function mirrorServices({ plan, layout, kit }: Context): readonly ServiceSpec[] {
  return mirrorsOf(plan).map(({ host, address, port }) => ({
    name: `mirror-${host}`,
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
      proxy: { remoteurl: upstream },
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
