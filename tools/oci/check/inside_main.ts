// The first process of a test's namespaces: makes the mounts, becomes the image's user, runs the program.
// Its standard input says `stop` for SIGTERM; when that ends, so does everything.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { runMain } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import type { InsideSpec } from './container.ts';

function mount(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status === 0) return;
  throw new ToolError(
    'OCI_TEST_MOUNT',
    `Running the image: mount ${args.join(' ')}: ${stderr?.trim() ?? 'it failed'}`,
    {
      hint: "Run the test as root, or where user namespaces may mount; or leave 'run' out of it.",
    },
  );
}

function makeMounts({ root, writable }: InsideSpec): void {
  mount('--make-rprivate', '/');
  mount('--bind', root, root);
  for (const path of ['proc', 'dev', ...writable]) mkdirSync(join(root, path), { recursive: true });
  mount('-t', 'proc', 'proc', join(root, 'proc'));
  mount('--rbind', '/dev', join(root, 'dev'));
  mount('-o', 'remount,bind,ro', root);
  for (const path of writable) mount('-t', 'tmpfs', '-o', 'mode=1777', 'tmpfs', join(root, path));
}

await runMain(async ({ argv }) => {
  // Written by container.ts of the same build.
  const spec = JSON.parse(argv[0] ?? '') as InsideSpec;
  makeMounts(spec);
  const { uid, gid } = spec;
  const user = spec.isRoot
    ? ['--setgid', String(gid), '--setuid', String(uid)]
    : ['--user', `--map-user=${uid}`, `--map-group=${gid}`];
  const child = spawn(
    '/usr/bin/unshare',
    [`--root=${spec.root}`, `--wd=${spec.workdir}`, ...user, '--', ...spec.argv],
    {
      env: spec.env,
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  const input = createInterface({ input: process.stdin });
  input.on('line', (line) => line === 'stop' && child.kill('SIGTERM'));
  // This is the first process of the namespace, so with it everything in it ends.
  input.on('close', () => process.exit(137));
  return new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? 128 + (signal === 'SIGTERM' ? 15 : 9)));
  });
});
