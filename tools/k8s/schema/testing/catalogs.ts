// The catalog that tests check with: the index that the build made, and the kinds of some CustomResourceDefinitions.
import { runfile } from '../../../lib/runfiles.ts';
import type { KubeObject } from '../../model/object.ts';
import { type Catalog, createCatalog } from '../catalog.ts';
import { createCompile } from '../compile.ts';
import { type BuiltInKinds, readBuiltInKinds } from '../index_file.ts';

/** The kinds of the Kubernetes that the repo builds. */
export async function builtInKinds(): Promise<BuiltInKinds> {
  const file = (name: string) => runfile(`fathom/tools/k8s/schema/kubernetes.${name}`);
  return readBuiltInKinds(file('kinds.json'), file('validators.cjs'));
}

/** The same, and custom kinds. */
export async function testCatalog(crds: readonly KubeObject[]): Promise<Catalog> {
  const builtIn = await builtInKinds();
  return createCatalog(builtIn, crds, createCompile(builtIn));
}
