// Which sources read the options of a program, so that a page names only options that there are.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Label, or `./fathom` → a file or folder of its sources; the first one that fits. */
const SOURCES: readonly (readonly [RegExp, string])[] = [
  [/^\.\/fathom$/, 'tools/cluster/fathom'],
  [/:gitops(\.\w+)?$/, 'tools/k8s/gitops/options.ts'],
  [/:(pins|release|promote|restore|pins\.restore)$/, 'tools/k8s/pins/options.ts'],
  [
    /:(namespaces|registry)(\.gc|\.release)?$|:[\w-]+\.(apply|create|delete|describe|diff|image|logs)$/,
    'tools/k8s/deploy/options.ts',
  ],
  [/:[\w-]+\.(rbac|replace|resolve|rollback|status|wait)$/, 'tools/k8s/deploy/options.ts'],
  [/^(@fathom)?\/\/tools\/new:service$/, 'tools/new/options.ts'],
  [/^\/\/tools\/oci:(reproducible|verify)$/, 'tools/oci'],
  [/^(@fathom)?\/\/tools\/packages:\w+_pin$/, 'tools/packages/pin'],
  [/^\/\/tools\/cluster$/, 'tools/cluster/embedded'],
  [/:(docs|x)_test$/, 'tools/jsonnet/compare_main.ts'],
  [/^\/\/tools\/release$/, 'tools/release'],
  [/^\/\/tools\/ci\/docs:run$/, 'tools/ci/docs/runner/run_main.ts'],
  [/^\/\/tools\/ci\/bazel_versions$/, 'tools/ci/bazel_versions'],
];

/** An image's own sub-targets are called like verbs, and read other options. */
const OF_IMAGES = /:image\.(diff|explain|provenance|sbom)$/;

/** The sources of the options of a program; undefined: nobody knows them. */
export function optionSources(root: string, program: string): string | undefined {
  const path = OF_IMAGES.test(program) ? 'tools/oci/inspect' : SOURCES.find(([pattern]) => pattern.test(program))?.[1];
  return path === undefined ? undefined : sourcesIn(join(root, path));
}

function sourcesIn(path: string): string {
  if (statSync(path).isFile()) return readFileSync(path, 'utf8');
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('_test.ts'))
    .map((name) => readFileSync(join(path, name), 'utf8'))
    .join('\n');
}
