// Images for the nodes of an embedded cluster that come from a file.
import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { readFileSync, readdirSync } from 'node:fs';
import { ToolError } from '../../lib/errors.ts';
import { step, type Log } from '../../lib/log.ts';
import { layoutOf, type Layout } from './layout.ts';
import { NODE_KIT } from './node.ts';
import { CONTAINERD_SOCKET } from './node_config.ts';
import { runningNodes } from './plan.ts';
import { statusEmbedded } from './status.ts';

const TIMEOUT_MS = 300_000;

/** Options of {@link loadEmbedded}. */
export interface LoadOptions {
  /** The cluster's state folder. */
  readonly folder: string;
  /** An archive as `docker save` and oci_load write it. */
  readonly tar: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Gives the archive's images to every node that runs; returns their names. Throws CLUSTER_LOAD. */
export async function loadEmbedded({ folder, tar, log, signal }: LoadOptions): Promise<readonly string[]> {
  const layout = layoutOf(folder);
  const status = await statusEmbedded(folder);
  if (status?.running !== true) {
    throw new ToolError('CLUSTER_NOT_UP', `Loading ${tar}: the cluster does not run`, { hint: 'Run `./fathom up`.' });
  }
  const names = new Set<string>();
  for (const { name } of runningNodes(status.plan)) {
    const inside = await step(`Loading ${tar} into ${name}`, () => importInto(layout, name, { tar, signal }), { log });
    inside.forEach((reference) => names.add(reference));
  }
  return [...names];
}

async function importInto(
  layout: Layout,
  node: string,
  { tar, signal }: Pick<LoadOptions, 'tar' | 'signal'>,
): Promise<readonly string[]> {
  const fail = (why: string) =>
    new ToolError('CLUSTER_LOAD', `Loading ${tar} into ${node}: ${why}`, {
      hint: 'It must be an archive as `docker save` writes it, and the node must run: `./fathom status` shows it.',
    });
  const pid = initPidOf(layout, node);
  if (pid === undefined) throw fail('its machine does not run');
  const ctr = [`${NODE_KIT}/bin/ctr`, '--address', CONTAINERD_SOCKET, '--namespace', 'k8s.io'];
  // The node has a /tmp of its own: the archive comes by the standard input.
  const archive = await open(tar);
  try {
    const child = spawn(
      'nsenter',
      [`--target=${pid}`, '--mount', '--net', '--pid', '--', ...ctr, 'images', 'import', '-'],
      {
        stdio: [archive.fd, 'pipe', 'pipe'],
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      },
    );
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (text: string) => (texts[name] += text));
    }
    const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
    if (code !== 0) throw fail(texts.stderr.trim().split('\n').at(-1) ?? `ctr exited with ${code}`);
    return [...texts.stdout.matchAll(/^(?:unpacking )?(\S+) \(?(?:saved|sha256:)/gm)].map(([, name]) => name ?? '');
  } finally {
    await archive.close();
  }
}

/** The first process of a node's machine, as the host counts it: the one that was started from its spec. */
function initPidOf(layout: Layout, node: string): number | undefined {
  const spec = layout.spec(node);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words[0]?.endsWith('/bin/tini') === true && words.includes(spec);
      } catch {
        return false;
      }
    });
}
