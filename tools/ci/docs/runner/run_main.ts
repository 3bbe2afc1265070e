// bazel run //tools/ci/docs:run -- [PAGE…]: runs the commands of pages, as their readers do.
import { Command, InvalidArgumentError } from 'commander';
import { runMain } from '../../../lib/cli.ts';
import { ToolError } from '../../../lib/errors.ts';
import { createLog, formatDuration } from '../../../lib/log.ts';
import { readPages } from '../pages/checkout.ts';
import type { Page } from '../pages/page.ts';
import { readRules } from '../rules/sources.ts';
import { requireNamespace, withCluster } from './cluster.ts';
import { runPage } from './run_page.ts';
import { OWN_CLUSTER } from './settings.ts';
import { isForBazel, stepsOf } from './steps.ts';
import { openWorkspace, type PageWorkspace } from './workspace.ts';

function minutes(text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('It must be a number of minutes.');
}

await runMain(async ({ argv, env, signal }) => {
  const command = new Command('bazel run //tools/ci/docs:run --')
    .description('Runs the commands of pages in a clone of this checkout, and compares what they print.')
    .argument('[pages...]', 'paths such as docs/guides/add_a_service.md; without any, all')
    .option('--timeout-minutes <n>', 'how long one command may take', minutes, 20)
    .option('--cluster', 'start a cluster for the pages, and take it away; without it, that of FATHOM_STATE')
    .option('--keep-going', 'go on with a page after a command that is not as it says')
    .option('--verbose', 'print all that commands print')
    .parse([...argv], { from: 'user' });
  const checkout = env['BUILD_WORKSPACE_DIRECTORY'] ?? process.cwd();
  const pages = readPages(checkout);
  const paths = command.args.length > 0 ? command.args : [...pages.keys()];
  const unknown = paths.filter((path) => !pages.has(path));
  if (unknown.length > 0) {
    throw new ToolError('DOCS_NO_PAGE', `Finding pages: there is no ${unknown.join(', ')}`, {
      hint: 'Name pages by their paths from the root: README.md, docs/pins.md.',
    });
  }
  const chosen = paths.flatMap((path) => pages.get(path) ?? []);
  const log = createLog();
  const options = command.opts<{ timeoutMinutes: number; cluster?: boolean; keepGoing?: boolean; verbose?: boolean }>();
  const timeoutMs = options.timeoutMinutes * 60_000;
  const rules = readRules(checkout);
  const problems: string[] = [];
  const workspace = await openWorkspace({ checkout, env, signal });
  const run = async (page: Page, inside: PageWorkspace) => {
    if (!stepsOf(page).some(isForBazel)) return;
    const startMs = performance.now();
    const [verbose, keepGoing] = [options.verbose === true, options.keepGoing === true];
    const found = await runPage(page, { workspace: inside, log, signal, timeoutMs, verbose, keepGoing, rules });
    problems.push(...found);
    const result = found.length === 0 ? 'as it says' : 'FAILED';
    log.info(`${page.path}: ${result} after ${formatDuration(performance.now() - startMs)}`);
  };
  try {
    if (workspace.hasCluster) await requireNamespace(workspace, signal);
    // Before another cluster is there: a machine may be too small for two.
    for (const page of chosen.filter(({ path }) => OWN_CLUSTER.has(path))) await run(page, workspace);
    const others = chosen.filter(({ path }) => !OWN_CLUSTER.has(path));
    const all = async (inside: PageWorkspace) => {
      for (const page of others) await run(page, inside);
    };
    await (options.cluster === true && others.length > 0
      ? withCluster(workspace, { log, signal, timeoutMs }, all)
      : all(workspace));
  } finally {
    await workspace.close();
  }
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  if (problems.length > 0) {
    throw new ToolError('DOCS_DIFFERS', `Running pages: ${problems.length} commands are not as they say`, {
      hint: 'Mend the page, or what it is about: the lines above have what was expected, and what came.',
    });
  }
});
