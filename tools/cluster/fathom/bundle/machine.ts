// The part of a bundle about the machine and the checkout.
import { readFileSync } from 'node:fs';
import { arch, cpus, freemem, release, totalmem, uptime, version } from 'node:os';
import { join } from 'node:path';
import { gitIn } from '../../../lib/git.ts';
import { formatBytes, formatDuration } from '../../../lib/log.ts';
import type { CommandContext } from '../fathom_main.ts';
import { onPath } from '../packages.ts';
import type { Collection } from './collection.ts';

/** Versions, settings, and what `./fathom doctor` and `status` say. */
export async function collectMachine(bundle: Collection, context: CommandContext): Promise<void> {
  await bundle.part('versions.txt', async () => bundle.put('versions.txt', await versions(bundle, context)));
  await bundle.part('settings.txt', () => bundle.put('settings.txt', settings(context.env)));
  for (const path of ['/proc/mounts', '/proc/self/status', '/proc/self/limits', '/proc/self/cgroup', '/proc/meminfo']) {
    await bundle.part(path, () => bundle.put(`machine${path}`, readFileSync(path, 'utf8')));
  }
  await bundle.command('machine/df.txt', ['df', '-hT'], { mayFail: true, timeoutMs: 10_000 });
}

/** What a command of `./fathom` says, run as the user would. */
export async function collectOwn(bundle: Collection, ...names: readonly string[]): Promise<void> {
  const main = process.argv[1] ?? '';
  for (const name of names) {
    const command = [process.execPath, ...process.execArgv, main, name];
    await bundle.command(`${name}.txt`, command, { mayFail: true, timeoutMs: 120_000 });
  }
}

async function versions(bundle: Collection, { root, env }: CommandContext): Promise<string> {
  const git = gitIn(root, { timeoutMs: 15_000 });
  const said = async (what: Promise<string>) => what.catch((error: unknown) => `unknown: ${String(error)}`);
  const changed = (await said(git('status', '--porcelain', '--untracked-files=no'))) || 'nothing';
  const read = (path: string) => {
    try {
      return readFileSync(path, 'utf8').trim();
    } catch {
      return 'none';
    }
  };
  const program = onPath('bazelisk', env) ?? onPath('bazel', env) ?? 'none';
  // bazelisk would download the version that it is to name.
  const bazel = program.endsWith('bazel') ? `, ${await said(bundle.output([program, '--version']))}` : '';
  const rows: readonly (readonly [string, string])[] = [
    ['commit', await said(git('log', '-1', '--format=%H %cI'))],
    ['changed', changed.includes('\n') ? `\n${changed}` : changed],
    ['node', `${process.version} at ${process.execPath}`],
    ['bazel', `${program}${bazel.trim()}; .bazelversion ${read(join(root, '.bazelversion'))}`],
    ['kernel', `${release()} ${arch()}, ${version()}`],
    ['processors', `${cpus().length} of ${cpus()[0]?.model ?? 'unknown kind'}`],
    ['memory', `${formatBytes(freemem())} free of ${formatBytes(totalmem())}`],
    ['up for', formatDuration(uptime() * 1000)],
    ['user', process.getuid?.() === 0 ? 'root' : 'not root'],
    ['time', new Date().toISOString()],
    ['system', `\n${read('/etc/os-release')}`],
  ];
  return rows.map(([name, value]) => `${name}: ${value}\n`).join('');
}

const SHOWN = /^(FATHOM_|XDG_|LANG$|LC_|PATH$|HOME$|KUBECONFIG$|GO|PIP_|npm_config_|NO_PROXY$|no_proxy$)/;

/** The variables that steer Fathom; of others that do, that they are set. */
function settings(env: CommandContext['env']): string {
  const names = Object.keys(env).sort();
  const shown = names.filter((name) => SHOWN.test(name)).map((name) => `${name}=${env[name] ?? ''}`);
  const set = names.filter((name) => /PROXY$/i.test(name) && !SHOWN.test(name)).map((name) => `${name} is set`);
  return `${[...shown, ...set].join('\n')}\n`;
}
