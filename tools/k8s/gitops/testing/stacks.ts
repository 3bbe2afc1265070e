// Stacks of ConfigMaps, pinned for staging.
import type { KubeObject } from '../../model/object.ts';
import type { TestBranch, TestStack } from './test_branch.ts';

/** What the images of {@link stack} are pinned to, and of which commit. */
export const DIGEST = `sha256:${'a'.repeat(64)}`;
export const COMMIT = 'c'.repeat(40);

export function configMap(name: string, value = 'one'): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'staging' }, data: { value } };
}

export function stack(name: string, ...objects: readonly KubeObject[]): TestStack {
  const pin = { registry: 'registry.test', repository: `services/${name}`, digest: DIGEST, commit: COMMIT };
  return { name, objects, pinned: [{ ...pin, environment: 'staging', file: `services/${name}/pins.json` }] };
}

export const A = stack('a', configMap('one'), configMap('two'));
export const B = stack('b', configMap('three'));

/** The subjects of a branch's commits, the last one first. */
export async function commitsOf(branch: TestBranch, name = 'main'): Promise<string[]> {
  const text = await branch.remote('log', '--format=%s', `refs/heads/${name}`);
  return text.split('\n').filter((line) => line !== '');
}
