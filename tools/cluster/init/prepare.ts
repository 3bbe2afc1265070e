// What an init does in its new namespaces before it starts anything.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError } from '../../lib/errors.ts';
import { limitCgroup, makeCgroup, removeCgroup } from './cgroups.ts';
import { routeCommands, runAll } from './network.ts';
import { run } from './run.ts';
import type { InitSpec, MountSpec } from './spec.ts';

/** The command that makes one mount. */
export function mountCommand(mount: MountSpec): readonly string[] {
  const { source = mount.kind, target } = mount;
  switch (mount.kind) {
    case 'bind':
      return ['mount', '-n', '--rbind', source, target];
    case 'move':
      return ['mount', '-n', '--move', source, target];
    case 'tmpfs':
      return ['mount', '-n', '-t', 'tmpfs', '-o', 'mode=0755,nosuid', 'tmpfs', target];
    case 'proc':
      return ['mount', '-n', '-t', 'proc', 'proc', target];
  }
}

/** Makes the mounts, sets the kernel's parameters and runs the set-up commands of `spec`. */
export async function prepare(spec: InitSpec): Promise<void> {
  for (const mount of spec.mounts) {
    mkdirSync(mount.target, { recursive: true });
    await run(mountCommand(mount));
  }
  for (const { path, value, optional } of spec.sysctls) {
    const file = `/proc/sys/${path}`;
    if (optional === true && !existsSync(file)) continue;
    writeFileSync(file, value);
  }
  if (spec.cgroup !== undefined) {
    await removeCgroup(spec.cgroup);
    makeCgroup(spec.cgroup);
    if (spec.limits !== undefined) limitCgroup(spec.cgroup, spec.limits, totalmem());
  }
  if (spec.awaitLink !== undefined) await awaitLink(spec.awaitLink);
  await runAll(spec.setup);
}

/** Carries out what has changed in the set-up commands and in the switch's routes. */
export async function prepareAgain(now: InitSpec, before: InitSpec): Promise<void> {
  const changed = (a: unknown, b: unknown) => JSON.stringify(a) !== JSON.stringify(b);
  if (changed(now.setup, before.setup)) await runAll(now.setup);
  if (now.switch !== undefined && changed(now.switch.routes, before.switch?.routes)) {
    await runAll(routeCommands(now.switch));
  }
}

async function awaitLink(name: string, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  const found = () =>
    run(['ip', 'link', 'show', name]).then(
      () => true,
      () => false,
    );
  while (!(await found())) {
    if (performance.now() > deadline) {
      throw new ToolError('NETWORK_LINK_MISSING', `Waiting for interface ${name}: not there after ${timeoutMs} ms`, {
        hint: 'Read log/cluster/init.log in the state folder of the cluster.',
      });
    }
    await sleep(20);
  }
}
