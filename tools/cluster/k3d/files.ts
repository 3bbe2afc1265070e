// The files of a k3d cluster in its state folder. Pure.
import { join } from 'node:path';
import { k3dConfig, registriesYaml } from './config.ts';
import type { K3dSettings } from './settings.ts';
import { shownSteps } from './step.ts';
import { downSteps, upSteps, type K3dFiles } from './steps.ts';

/** The image of the registry, as Bazel writes it: below bazel-bin, and in runfiles. */
export const REGISTRY_TARBALL = 'prod/images/registry/tarball.tar';

/** Where the files of a cluster are; `tar` is the registry's image, `digest` that of this file. */
export function k3dFiles(
  settings: K3dSettings,
  { folder, tar, digest }: { readonly folder: string; readonly tar: string; readonly digest: string },
): K3dFiles {
  return {
    config: join(folder, 'k3d.yaml'),
    kubeconfig: join(folder, 'kubeconfig.k3d'),
    image: { tar, digest, reference: `${settings.registry}/prod/images/registry:built` },
  };
}

/** What `up` writes and runs, as text. */
export function shownUp(settings: K3dSettings, files: K3dFiles, isMonitored: boolean): string {
  const monitoring = '\n# What watches the cluster, for which the registry must be there\nbazel run //prod:apply\n';
  return `# ${files.config}
${k3dConfig(settings)}
# registries.yaml, which is part of it; bazel build //tools/cluster:registries_yaml
${registriesYaml(settings)}
# The image of the registry
bazel build //prod/images/registry:tarball

${shownSteps(upSteps(settings, files))}
# The registry itself, namespaces and kinds
bazel run //prod:base.apply
${isMonitored ? monitoring : ''}`;
}

/** What `down` runs, as text. */
export function shownDown(settings: K3dSettings, folder: string): string {
  return `${shownSteps(downSteps(settings))}
# Deleting the state
rm -r ${folder}
`;
}
