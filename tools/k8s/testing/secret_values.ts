// Values of a Secret as references fill them in, on a machine where all that a test does not name is missing.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runfile } from '../../lib/runfiles.ts';
import type { KubeObject } from '../model/object.ts';
import type { LoadedSet } from '../model/plan_input.ts';
import { withSecrets } from '../secrets/fill.ts';
import type { ProviderOptions } from '../secrets/providers.ts';
import { SOPS_FOLDER, secretObject } from './secret_objects.ts';

/** Files of sops, by their names among the fixtures or with texts of their own. */
export type SopsFiles = readonly (string | { readonly path: string; readonly text: string })[];

/** What a machine has for the references of a Secret. */
export interface SecretSources {
  readonly env?: ProviderOptions['env'];
  readonly files?: SopsFiles;
  /** Gets warnings. */
  readonly warned?: string[];
}

export interface SecretMachine extends AsyncDisposable {
  /** A folder of its own, which is its HOME. */
  readonly folder: string;
  optionsOf(env: ProviderOptions['env'], warned?: string[]): ProviderOptions;
  /** The values of a Secret, filled in. */
  valuesOf(
    stringData: Readonly<Record<string, string>>,
    sources?: SecretSources,
  ): Promise<Readonly<Record<string, string>>>;
}

/** What the entries of the fixtures hold. */
export const PLAIN = {
  'redis.password': 'redis-pa55word-1',
  'redis.port': '6379',
  'redis.ratio': '0.5',
  'redis.tls': 'true',
  'users.0': 'ada-pa55word-1',
  'users.1': 'grace-pa55word-1',
  empty: '',
  odd: 'a b/c&d=ü"?',
  'tls.key': '-----BEGIN FAKE KEY-----\nbm90IGEga2V5LCBidXQgbG9uZyBlbm91Z2g=\n-----END FAKE KEY-----\n',
} as const;

/** A stack of one object that may read these files. */
export function setOf(object: KubeObject, files: SopsFiles): readonly LoadedSet[] {
  const connection = { cluster: '', context: '', namespace: 'dev', user: '', kubeconfig: '' };
  const secrets = files.map((one) => (typeof one === 'string' ? { path: one, file: `${SOPS_FOLDER}/${one}` } : one));
  const guard = { environment: '', isProtected: false, caSha256: '' };
  const input = { version: 1 as const, label: '//x:y', connection, guard, images: [], secrets, objects: [object] };
  return [{ label: '//x:y', stack: 'x', namespace: 'dev', objects: [input] }];
}

export async function secretMachine(): Promise<SecretMachine> {
  const folder = await mkdtemp(join(tmpdir(), 'fathom-secrets-'));
  const optionsOf = (env: ProviderOptions['env'], warned: string[] = []): ProviderOptions => ({
    env: { HOME: folder, ...env },
    resolve: runfile,
    warn: (line) => warned.push(line),
    isInCluster: false,
  });
  return {
    folder,
    optionsOf,
    async valuesOf(stringData, { env = {}, files = [], warned = [] } = {}) {
      const [set] = await withSecrets(setOf(secretObject(stringData), files), optionsOf(env, warned));
      const data = set?.objects[0]?.objects[0]?.['data'] as Readonly<Record<string, string>>;
      const entries = Object.entries(data);
      return Object.fromEntries(entries.map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]));
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
