// bazel run //docs:update: writes docs/rules.md out of the docstrings, and the lists of labels and files that pages name.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runMain } from '../../lib/cli.ts';
import { createLog } from '../../lib/log.ts';
import { readCheckout } from './pages/checkout.ts';
import { labelsFile } from './pages/checkout_labels.ts';
import { linkedFile } from './pages/linked.ts';
import { rulesPage } from './rules/page.ts';
import { readRules } from './rules/sources.ts';

await runMain(async ({ env }) => {
  const root = env['BUILD_WORKSPACE_DIRECTORY'] ?? process.cwd();
  const rules = readRules(root);
  await writeFile(join(root, 'docs/rules.md'), rulesPage(rules));
  const checkout = readCheckout(root, rules);
  await writeFile(join(root, 'docs/labels.bzl'), labelsFile(checkout));
  await writeFile(join(root, 'docs/linked.bzl'), linkedFile(checkout));
  createLog().info('wrote docs/rules.md, docs/labels.bzl and docs/linked.bzl');
});
