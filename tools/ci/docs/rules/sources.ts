// Which files are public: those that README.md and the guides load.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceIn } from '../starlark/modules.ts';
import { extractModel, type SubtargetTable } from './extract.ts';
import type { RulesModel } from './model.ts';

const NAMES = ['defs.bzl', 'repositories.bzl', 'packages.bzl'];

/** The extension of tools/ itself is for Fathom's own MODULE.bazel alone. */
const EXTENSIONS = 'extensions.bzl';

const TABLES: readonly SubtargetTable[] = [
  { of: ['k8s_object', 'k8s_objects'], path: 'tools/k8s/verbs.bzl', table: 'VERBS' },
  { of: ['oci_image'], path: 'tools/oci/subtargets.bzl', table: 'SUBTARGETS' },
];

/** The public .bzl files of a checkout: of tools/ itself, and of each of its folders. */
export function publicFiles(root: string): readonly string[] {
  const folders = readdirSync(join(root, 'tools'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `tools/${name}`)
    .toSorted();
  return ['tools', ...folders]
    .flatMap((folder) => [...NAMES, ...(folder === 'tools' ? [] : [EXTENSIONS])].map((name) => `${folder}/${name}`))
    .filter((path) => existsSync(join(root, path)));
}

/** What the rules of a checkout document. */
export const readRules = (root: string): RulesModel => extractModel(workspaceIn(root), publicFiles(root), TABLES);
