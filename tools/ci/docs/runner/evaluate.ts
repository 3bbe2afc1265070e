// Jsonnet and YAML of pages, evaluated without Bazel or a cluster.
import { execFileSync } from 'node:child_process';
import { ToolError } from '../../../lib/errors.ts';
import { parseManifest } from '../../../k8s/model/manifest.ts';
import { type Catalog, checkManifests } from '../../../k8s/schema/index.ts';
import { type Block, place } from '../pages/page.ts';
import { inContext } from './contexts.ts';

/** Calls what is a function of an environment and of what a service calls, as the macro `service` does. */
const CALL = `local it = (
CODE
);
local redis = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'redis', namespace: 'dev' }, spec: { selector: { app: 'redis' }, ports: [{ name: 'redis', port: 6379 }] } };
if std.isFunction(it) then std.length(std.manifestJson(it({ name: 'dev', namespace: 'dev', registry: 'registry.example', replicas: 1, provides: [] }, { redis: redis, 'services/redis': redis })))
else if std.isObject(it) || std.isArray(it) then it`;

/** What is wrong with Jsonnet when it is rendered; `program` is a jsonnet, `root` the folder of imports. */
export function jsonnetProblems(block: Block, { program, root }: { readonly program: string; readonly root: string }) {
  const code = CALL.replace('CODE', () => inContext(block.path, block.text));
  try {
    execFileSync(program, ['--jpath', root, '--exec', code], {
      encoding: 'utf8',
      timeout: 60_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return [];
  } catch (error) {
    return [`${place(block)}: ${error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error)}`];
  }
}

/** What is wrong with manifests: those of kinds that Kubernetes has are held to its schemas. */
export function manifestProblems(block: Block, catalog: Catalog): readonly string[] {
  try {
    const file = { label: 'page', file: place(block) };
    const objects = parseManifest(block.text, file).filter(({ apiVersion }) => !isElsewhere(apiVersion));
    const text = (value: string) => value.replaceAll('sha256:…', `sha256:${'0'.repeat(64)}`);
    const whole = objects.map((object) => JSON.parse(text(JSON.stringify(object))) as (typeof objects)[number]);
    return checkManifests([{ ...file, objects: whole }], catalog)
      .filter(({ code }) => !POLICY.test(code))
      .map(({ message }) => `${place(block)}: ${message}`);
  } catch (error) {
    if (error instanceof ToolError) return [`${place(block)}: ${error.message}`];
    throw error;
  }
}

/** Kinds of Argo CD and Flux, whose definitions are not here. */
const isElsewhere = (apiVersion: string) => /^argoproj\.io\/|\.fluxcd\.io\//.test(apiVersion);

/** A page need not say what resources its example takes. */
const POLICY = /^MANIFEST_NO_RESOURCES$/;
