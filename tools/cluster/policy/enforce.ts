// Keeps the rules of a node as the cluster's policies want them.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError, errorText } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { KubeClient } from '../../k8s/kube/client.ts';
import type { KubeObject } from '../../k8s/model/object.ts';
import { compile } from './compile.ts';
import type { ClusterView } from './model.ts';
import { nftScript } from './nft.ts';
import { readPod, readPolicy } from './read.ts';
import { follow } from './watch.ts';

/** Options of {@link enforce}. */
export interface EnforceOptions {
  readonly client: KubeClient;
  /** The node's name, as pods have it. */
  readonly node: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Default: nft(8). */
  readonly load?: (script: string) => Promise<void>;
}

// Changes come in swarms: a rollout, a namespace that ends.
const GATHER_MS = 20;
const AGAIN_MS = 2000;

const PATHS = {
  pods: '/api/v1/pods',
  namespaces: '/api/v1/namespaces',
  policies: '/apis/networking.k8s.io/v1/networkpolicies',
} as const;

/** Enforces until the signal is aborted. The rules stay then, as a node without them would be open. */
export async function enforce(options: EnforceOptions): Promise<void> {
  const { client, node, log, signal, load = (script: string) => loadRules(script) } = options;
  const seen = new Map<keyof typeof PATHS, readonly KubeObject[]>();
  let loaded: string | undefined;
  let wake = () => {};
  const following = Object.entries(PATHS).map(([kind, path]) =>
    follow({
      ...{ client, path, log, signal },
      onObjects: (objects) => {
        seen.set(kind as keyof typeof PATHS, objects);
        wake();
      },
    }),
  );
  const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  while (!signal.aborted) {
    const changed = new Promise<void>((resolve) => (wake = resolve));
    // Before all three are known a rule would be made of half of the truth.
    if (seen.size === Object.keys(PATHS).length) {
      const script = nftScript(compile(viewOf(seen), node));
      if (script !== loaded) {
        try {
          await load(script);
          loaded = script;
          log.info(`rules changed: ${script.split('\n').length} lines`);
        } catch (error) {
          log.error(`${errorText(error)}; again in ${AGAIN_MS} ms`);
          await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
          continue;
        }
      }
    }
    await Promise.race([changed, ended]);
    await sleep(GATHER_MS, undefined, { signal }).catch(() => undefined);
  }
  await Promise.all(following);
}

function viewOf(seen: ReadonlyMap<keyof typeof PATHS, readonly KubeObject[]>): ClusterView {
  return {
    pods: (seen.get('pods') ?? []).map(readPod).filter((pod) => pod !== undefined),
    namespaces: new Map((seen.get('namespaces') ?? []).map(({ metadata }) => [metadata.name, metadata.labels ?? {}])),
    policies: (seen.get('policies') ?? []).map(readPolicy),
  };
}

// A test, or a user's shell, may look for programs in fewer places.
const SYSTEM_PATH = '/usr/local/sbin:/usr/sbin:/sbin';

/** Hands a script to nft, which `prefix` may start elsewhere. Throws POLICY_RULES with what it says. */
export async function loadRules(script: string, prefix: readonly string[] = []): Promise<void> {
  const [program, ...args] = [...prefix, 'nft', '-f', '-'];
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:${SYSTEM_PATH}` };
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'], env, timeout: 20_000 });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // It may end before it has read all; what it says counts.
  child.stdin.on('error', () => undefined).end(script);
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code === 0) return;
  const why = stderr.trim() || `${program} ended with ${code}`;
  throw new ToolError('POLICY_RULES', `Loading the rules of network policies: ${why}`, {
    hint: 'Run `./fathom doctor`: it checks that nft works.',
  });
}
