// Runs one page from top to bottom.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { formatDuration, type Log } from '../../../lib/log.ts';
import { type Page, place } from '../pages/page.ts';
import type { Shown } from '../pages/session.ts';
import type { RulesModel } from '../rules/model.ts';
import { codeProblems } from './bazel_code.ts';
import { clearNamespace, takeDown } from './cluster.ts';
import { REASONS } from './exceptions.ts';
import { missingLine, ownLines } from './output.ts';
import { type PageWorkspace } from './workspace.ts';
import { asRun, BEFORE, OWN_CLUSTER, passes, SERVES } from './settings.ts';
import { type Ended, openShell, type Shell } from './shell.ts';
import { stepsOf } from './steps.ts';

/** Options of {@link runPage}. */
export interface RunPageOptions {
  readonly workspace: PageWorkspace;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** How long one command may take. Default: 15 minutes. */
  readonly timeoutMs?: number;
  /** Whether to print all that commands print. */
  readonly verbose: boolean;
  /** Whether to go on after a problem: what follows may need what failed. */
  readonly keepGoing: boolean;
  /** What Starlark of the page may call; without it, only commands are run. */
  readonly rules?: RulesModel;
}

/** Runs a page's commands; resolves to what is wrong. */
export async function runPage(page: Page, options: RunPageOptions): Promise<readonly string[]> {
  const { workspace, log, signal, verbose, keepGoing, rules } = options;
  const problems: string[] = [];
  await workspace.reset();
  const isOwn = OWN_CLUSTER.has(page.path);
  const env = isOwn ? { ...workspace.env, FATHOM_STATE: workspace.ownState } : workspace.env;
  const shell = await openShell({ ...options, cwd: workspace.root, env });
  try {
    for (const command of BEFORE[page.path] ?? []) {
      log.info(`${page.path}: before it: ${command}`);
      const ended = await shell.run(command);
      if (ended.exit !== 0) return [`${page.path}: before it: ${command}\n${told(ended, 'exit code 0')}`];
    }
    const steps = stepsOf(page);
    for (const step of steps) {
      if (step.kind === 'not run') {
        const [first = ''] = step.block.text.split('\n');
        log.info(`${place(step.block)}: not run, as ${REASONS[step.reason]}: ${first}`);
      } else if (step.kind === 'file') {
        const path = join(workspace.root, step.path);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, `${step.block.text}\n`);
      } else if (step.kind === 'command') {
        const problem = await runCommand(page, step.shown, { shell, log, verbose });
        if (problem !== undefined) problems.push(problem);
        if (problems.length > 0 && !keepGoing) return problems;
      }
    }
    if (rules !== undefined)
      problems.push(...(await codeProblems(page, steps, { root: workspace.root, rules, shell })));
    return problems;
  } finally {
    await shell.close();
    if (isOwn) await takeDown({ root: workspace.root, env });
    else if (workspace.hasCluster) await clearNamespace(workspace, signal);
  }
}

async function runCommand(
  page: Page,
  shown: Shown,
  { shell, log, verbose }: { readonly shell: Shell; readonly log: Log; readonly verbose: boolean },
): Promise<string | undefined> {
  const command = asRun(page.path, shown.block.text);
  log.info(`${place(shown.block)}: $ ${command}`);
  const startMs = performance.now();
  const ended = SERVES.test(command) ? await shell.start(command) : await shell.run(command);
  log.info(`${place(shown.block)}: exit code ${ended.exit} after ${formatDuration(performance.now() - startMs)}`);
  if (verbose) log.info(ownLines(ended.output).join('\n'));
  const expected = shown.exit === 0 ? passes(command) : [shown.exit];
  const at = `${place(shown.block)}: ${command}\n`;
  if (ended.late) return `${at}${told(ended, 'that it ends in time')}`;
  if (!expected.includes(ended.exit)) return `${at}${told(ended, `exit code ${expected.join(' or ')}`)}`;
  if (shown.output === undefined) return undefined;
  const missing = missingLine(shown.output, ownLines(ended.output));
  if (missing === undefined) return undefined;
  return `${at}${told(ended, `what the page shows, and this is not there: ${missing}`, shown.output)}`;
}

function told(ended: Ended, expected: string, shown: readonly string[] = []): string {
  const indented = (lines: readonly string[]) => lines.map((line) => `      ${line}`).join('\n');
  return [
    `    expected: ${expected}`,
    ...(shown.length > 0 ? [indented(shown)] : []),
    `    exit code ${ended.exit}, output:`,
    indented(ownLines(ended.output).slice(-80)),
  ].join('\n');
}
