// bazel run //docs:update: writes docs/rules.md out of the docstrings, and the list of labels that pages name.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runMain } from '../../lib/cli.ts';
import { createLog } from '../../lib/log.ts';
import { readCheckout } from './pages/checkout.ts';
import { labelsFile } from './pages/checkout_labels.ts';
import { rulesPage } from './rules/page.ts';
import { readRules } from './rules/sources.ts';

await runMain(async ({ env }) => {
  const root = env['BUILD_WORKSPACE_DIRECTORY'] ?? process.cwd();
  const rules = readRules(root);
  await writeFile(join(root, 'docs/rules.md'), rulesPage(rules));
  await writeFile(join(root, 'docs/labels.bzl'), labelsFile(readCheckout(root, rules)));
  createLog().info('wrote docs/rules.md and docs/labels.bzl');
});
