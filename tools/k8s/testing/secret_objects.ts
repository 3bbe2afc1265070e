// Secrets with references, and the files of sops that tests have.
import { readFileSync } from 'node:fs';
import { runfile } from '../../lib/runfiles.ts';
import type { KubeObject } from '../model/object.ts';

/** Where the files are, as a runfiles path. */
export const SOPS_FOLDER = 'fathom/tools/k8s/tests/secrets';

/** One of the files. */
export const sopsFixture = (name: string) => readFileSync(runfile(`${SOPS_FOLDER}/${name}`), 'utf8');

/** A Secret `x` of the namespace `dev`. */
export const secretObject = (stringData: Readonly<Record<string, string>>, rest: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'x', namespace: 'dev' },
  ...rest,
  stringData,
});

/** A reference to an entry of a file. `encode`: a query such as `?encode=url`. Default: none. */
export const sopsReference = (file: string, entry: string, encode = '') =>
  `\${fathom-secret://sops/${file}${encode}#${entry}}`;
