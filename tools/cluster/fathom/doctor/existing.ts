// What provider existing needs, as far as it can be asked before anything is built; `up` and `status` ask the rest.
import { errorText } from '../../../lib/errors.ts';
import type { ClusterState, RegistryState } from '../../../lib/state.ts';
import { createWire } from '../../../oci/registry/wire.ts';
import { contextName } from '../../embedded/plan.ts';
import type { Finding } from '../../embedded/preflight.ts';
import { ask } from './program.ts';

type Env = Readonly<Record<string, string | undefined>>;

// As in ../../existing/checks.ts.
const OLDEST_MINOR = 30;
const REGISTRY_MS = 5_000;
const REST = 'rights, StorageClass and the login of the registry: `./fathom status` looks at them';

/** Looks at the cluster that is recorded; where none is, says what will be looked at. */
export async function lookAtExisting(env: Env, state: ClusterState | undefined): Promise<readonly Finding[]> {
  if (state === undefined) {
    const say =
      `none. \`./fathom up --provider=existing --context=NAME --registry=REFERENCE\` looks at its API server (1.${OLDEST_MINOR} ` +
      'or newer), your rights, the registry and the default StorageClass, and records it.';
    return [{ what: 'recorded cluster', ok: false, isNote: true, say }];
  }
  const registry = state.registry === undefined ? [] : [await lookAtRegistry(state.registry, env)];
  return [lookAtApi(env, state), ...registry];
}

function lookAtApi(env: Env, { kubeconfig, name }: ClusterState): Finding {
  const what = 'API server';
  const access = [`--kubeconfig=${kubeconfig}`, `--context=${contextName(name)}`, '--request-timeout=10s'];
  const { ok, stdout, why } = ask(env, 'kubectl', 'get', '--raw=/version', ...access);
  if (ok === undefined) {
    return {
      what,
      ok: false,
      isNote: true,
      say: `${why}, to ask it with: install kubectl, or run \`./fathom status\``,
    };
  }
  const { gitVersion = 'unknown', minor = '' } = parse(stdout);
  if (!ok) {
    const say = `${why}. Where its address or your credentials changed, run \`./fathom up --provider=existing …\` again.`;
    return { what, ok, say };
  }
  const isNew = Number.parseInt(minor, 10) >= OLDEST_MINOR;
  return {
    what,
    ok: isNew,
    say: `Kubernetes ${gitVersion}${isNew ? `; ${REST}` : `: use 1.${OLDEST_MINOR} or newer`}`,
  };
}

/** Whether anything answers there as a registry does: with content, or with the wish for a login. */
async function lookAtRegistry({ endpoint, plainHttp }: RegistryState, env: Env): Promise<Finding> {
  const what = 'registry';
  const url = new URL(`${plainHttp ? 'http' : 'https'}://${endpoint}/v2/`);
  const signal = AbortSignal.timeout(REGISTRY_MS);
  // As a push reaches it: by the same proxy, trusting the same authorities.
  const wire = createWire({ signal, maxConnections: 1, idleMs: REGISTRY_MS, env });
  try {
    const { statusCode: status } = await wire.exchange({ method: 'GET', url, headers: { 'user-agent': 'fathom' } });
    const ok = status === 200 || status === 401;
    return { what, ok, say: ok ? `${endpoint}, answers` : `${url.href} answers ${status}: is that a registry?` };
  } catch (error) {
    return { what, ok: false, say: `${url.href}: ${errorText(error)}. Start it, or record where it is now.` };
  } finally {
    wire.close();
  }
}

function parse(text: string): { readonly gitVersion?: string; readonly minor?: string } {
  try {
    return JSON.parse(text) as { gitVersion?: string; minor?: string };
  } catch {
    return {};
  }
}
