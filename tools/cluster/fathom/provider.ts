// Who runs the cluster: asked for, else the one who does already, else k3d where it works, else embedded.
import { spawnSync } from 'node:child_process';
import { askedProvider, recordedProvider, type Provider } from '../provider.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** A provider, and why it is this one. */
export interface Choice {
  readonly provider: Provider;
  readonly why: string;
}

const LOOK_TIMEOUT_MS = 10_000;

/** Chooses who is to run a cluster; `flag` is the command line's. Throws CLUSTER_PROVIDER, CLUSTER_OTHER_PROVIDER. */
export async function chooseProvider(cluster: string, env: Env, flag?: string): Promise<Choice> {
  const lacking = () => works('docker', ['info'], env) ?? works('k3d', ['version'], env);
  return choose(cluster, { env, flag }, () => {
    const why = lacking();
    return why === undefined ? { provider: 'k3d', why: 'docker and k3d work here' } : { provider: 'embedded', why };
  });
}

/** The same for the commands that start nothing: what works on the machine does not matter. */
export async function currentProvider(cluster: string, env: Env, flag?: string): Promise<Choice> {
  return choose(cluster, { env, flag }, () => ({ provider: 'embedded', why: 'there is no cluster' }));
}

async function choose(
  cluster: string,
  { env, flag }: { readonly env: Env; readonly flag: string | undefined },
  otherwise: () => Choice,
): Promise<Choice> {
  const known = await recordedProvider(cluster, env);
  if (flag !== undefined) return { provider: askedProvider(cluster, flag, known), why: '--provider says so' };
  const variable = env['FATHOM_PROVIDER'] ?? '';
  if (variable !== '') return { provider: askedProvider(cluster, variable, known), why: 'FATHOM_PROVIDER says so' };
  return known === undefined ? otherwise() : { provider: known, why: `it runs cluster ${cluster} already` };
}

/** Undefined where a program does what it is asked, else what is wrong. */
function works(program: string, args: readonly string[], env: Env): string | undefined {
  const { error, status } = spawnSync(program, [...args], {
    env: { ...env },
    stdio: 'ignore',
    timeout: LOOK_TIMEOUT_MS,
  });
  if (error !== undefined && 'code' in error && error.code === 'ENOENT') return `there is no ${program} here`;
  return status === 0 ? undefined : `\`${program} ${args.join(' ')}\` fails here`;
}
