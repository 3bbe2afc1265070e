// All checks of some manifests: a pure function from objects to findings.
import type { KubeObject } from '../model/object.ts';
import type { Catalog } from './catalog.ts';
import { checkApi } from './check_api.ts';
import { checkLists } from './check_lists.ts';
import { POLICIES } from './check_policies.ts';
import { checkSchema } from './check_schema.ts';
import { type Finding, type Manifest, type Problem, findingOf } from './finding.ts';
import { type Waivable, applyWaivers } from './waivers.ts';

/** A check of one object; its problems, those that may be waived by the name that waives them. */
export type Check = (object: KubeObject, manifest: Manifest, catalog: Catalog) => readonly Waivable[];

const api: Check = (object, manifest, catalog) =>
  checkApi(object, catalog, manifest.kubernetesVersion ?? catalog.version).map((problem) => ({
    problem,
    ...(problem.code === 'MANIFEST_API_DEPRECATED' ? { policy: 'deprecated-api' } : {}),
  }));

const schema: Check = (object, _manifest, catalog) => {
  const kind = catalog.find(object);
  if (kind === undefined) return [];
  const isSecret = object.kind === 'Secret';
  const problems: Problem[] = [
    ...checkSchema(object, { catalog, kind, isSecret }),
    ...checkLists(object, kind.schema, catalog),
  ];
  return problems.map((problem) => ({ problem }));
};

const policies: Check = (object, { builtImages = [] }) => {
  const context = { object, builtImages: new Set(builtImages) };
  return Object.entries(POLICIES).flatMap(([policy, check]) => check(context).map((problem) => ({ problem, policy })));
};

/** The checks that there are. */
export const CHECKS = { api, schema, policies } as const satisfies Readonly<Record<string, Check>>;

/** What is wrong with some manifests, in the order of their objects; `checks` are all of {@link CHECKS} by default. */
export function checkManifests(
  manifests: readonly Manifest[],
  catalog: Catalog,
  checks: readonly Check[] = Object.values(CHECKS),
): Finding[] {
  return manifests.flatMap((manifest) =>
    manifest.objects.flatMap((object) => {
      const found = checks.flatMap((check) => check(object, manifest, catalog));
      // Without a check nothing is known of what a waiver waives.
      const problems = checks.length === 0 ? [] : applyWaivers(object, found);
      return problems.map((problem) => findingOf(problem, object, manifest));
    }),
  );
}
