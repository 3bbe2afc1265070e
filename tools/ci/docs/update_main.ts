// bazel run //docs:update: writes docs/rules.md out of the docstrings, the lists of labels and files that pages name, and
// the rows of codes that the tables of docs/errors.md lack or have in vain.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runMain } from '../../lib/cli.ts';
import { createLog, type Log } from '../../lib/log.ts';
import { formatterOf } from '../format/format.ts';
import { readCheckout } from './pages/checkout.ts';
import { labelsFile } from './pages/checkout_labels.ts';
import { errorChanges, withoutCodes, withRows } from './pages/error_rows.ts';
import { errorsOf, pagesOfErrors } from './pages/errors.ts';
import { linkedFile } from './pages/linked.ts';
import { rulesPage } from './rules/page.ts';
import { readRules } from './rules/sources.ts';

await runMain(async ({ env }) => {
  const root = env['BUILD_WORKSPACE_DIRECTORY'] ?? process.cwd();
  const log = createLog();
  await updateErrors(root, log);
  const rules = readRules(root);
  await writeFile(join(root, 'docs/rules.md'), rulesPage(rules));
  const checkout = readCheckout(root, rules);
  await writeFile(join(root, 'docs/labels.bzl'), labelsFile(checkout));
  await writeFile(join(root, 'docs/linked.bzl'), linkedFile(checkout));
  log.info('wrote docs/rules.md, docs/labels.bzl and docs/linked.bzl');
});

/** Brings the tables of codes in line with what the sources throw: the words of new rows are for a person to mend. */
async function updateErrors(root: string, log: Log): Promise<void> {
  const pages = pagesOfErrors(root);
  const { added, gone } = errorChanges(pages, await errorsOf(root));
  for (const { path, text } of pages) {
    const codes = gone.filter((one) => one.path === path).map(({ code }) => code);
    const rows = path === 'docs/errors.md' ? added : [];
    if (codes.length + rows.length === 0) continue;
    const file = join(root, path);
    const changed = withRows(withoutCodes(text, new Set(codes)), rows);
    await writeFile(file, (await formatterOf(path)?.(file, changed)) ?? changed);
    for (const code of codes) log.info(`took ${code} out of ${path}`);
    for (const { code } of rows) log.info(`added ${code} to ${path}: say it in plain words`);
  }
}
