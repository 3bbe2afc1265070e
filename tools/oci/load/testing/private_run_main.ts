// For tests: runs a program with a /run of its own, in namespaces for mounts and processes that `unshare` has made. containerd makes a
// folder there whatever its configuration says.
import { spawn, spawnSync } from 'node:child_process';
import { runMain } from '../../../lib/cli.ts';

await runMain(async ({ argv }) => {
  for (const args of [
    ['--make-rprivate', '/'],
    ['-t', 'tmpfs', 'tmpfs', '/run'],
    ['-t', 'proc', 'proc', '/proc'],
  ]) {
    const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`mount ${args.join(' ')}: ${stderr}`);
  }
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, { stdio: 'inherit' });
  return new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
});
