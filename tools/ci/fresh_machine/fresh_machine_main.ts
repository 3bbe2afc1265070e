// bazel run //tools/ci/fresh_machine -- [--suite=bookworm] [COMMAND…]: the README's commands on a plain Debian.
import { spawn } from 'node:child_process';
import { readFile, readdir, rm } from 'node:fs/promises';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { runMain } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import { createLog, step } from '../../lib/log.ts';
import { userPath } from '../../lib/runfiles.ts';
import { debianMirror, freshMachinePlan, type Step } from './plan.ts';

await runMain(async ({ argv, env, signal }) => {
  const command = new Command('fresh_machine')
    .description('Makes a plain Debian in a folder, clones the repository into it, and runs commands there.')
    .argument('[commands...]', 'what to run in the clone', ['./fathom up', './fathom down'])
    .option('--suite <release>', "Debian's release", 'bookworm')
    .option('--cache <folder>', 'use this folder as the cache of builds; without it, everything is compiled')
    .option('--keep', 'leave the folder behind, for a look at it')
    .parse([...argv], { from: 'user' });
  const { suite, keep, cache } = command.opts<{ suite: string; keep?: boolean; cache?: string }>();
  const log = createLog();
  const root = await mkdtemp('/var/tmp/fathom-fresh-');
  try {
    const commands = command.args.length > 0 ? command.args : ['./fathom up', './fathom down'];
    const plan = freshMachinePlan({
      root,
      suite,
      mirror: await mirror(),
      workspace: env['BUILD_WORKSPACE_DIRECTORY'] ?? process.cwd(),
      commands,
      ...(cache === undefined ? {} : { cache: userPath(cache, env) }),
    });
    for (const one of plan) await step(one.what, () => run(one, signal), { log, everyMs: 60_000 });
    return 0;
  } finally {
    if (keep === true) log.info(`kept ${root}`);
    // Mounts of the chroot ended with their namespace, so nothing but the folder is removed.
    else await rm(root, { recursive: true, force: true });
  }
});

async function mirror(): Promise<string> {
  const folder = '/etc/apt/sources.list.d';
  const names = (await readdir(folder).catch(() => [])).map((name) => join(folder, name));
  const texts = await Promise.all(
    ['/etc/apt/sources.list', ...names].map((path) => readFile(path, 'utf8').catch(() => '')),
  );
  const found = debianMirror(texts.join('\n'));
  if (found === undefined) {
    throw new ToolError('FRESH_NO_MIRROR', 'Finding a Debian mirror: the apt sources of this machine name none', {
      hint: 'Run it on a Debian, or add a source to /etc/apt/sources.list.d.',
    });
  }
  return found;
}

async function run(one: Step, signal: AbortSignal): Promise<void> {
  const [program, ...args] = one.command;
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], timeout: one.timeoutMs, signal });
  const status = await new Promise<number | null>((resolve, reject) =>
    child.on('error', reject).on('close', resolve),
  ).catch((cause: unknown) => {
    throw new ToolError('FRESH_START', `${one.what}: starting ${program}`, {
      cause,
      hint: 'Install debootstrap, git and util-linux, and run it as root.',
    });
  });
  if (status !== 0)
    throw new ToolError('FRESH_STEP', `${one.what}: exit ${status}`, { hint: 'Its own output above says why.' });
}
