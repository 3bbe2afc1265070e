// The cgroup folders of a node: Kubernetes leaves them behind when it is killed.
import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../../lib/errors.ts';

export const CGROUPS = '/sys/fs/cgroup';

/** Removes `cgroupRoot` from every hierarchy; its processes must have ended. */
export async function removeCgroups(cgroupRoot: string): Promise<void> {
  const hierarchies = await readdir(CGROUPS, { withFileTypes: true }).catch(() => []);
  const roots = [
    CGROUPS,
    ...hierarchies.filter((entry) => entry.isDirectory()).map((entry) => join(CGROUPS, entry.name)),
  ];
  for (const root of roots) await removeFolder(join(root, cgroupRoot));
}

/** Removes a cgroup and those below it, innermost first. A cgroup's files are the kernel's and go with it. */
async function removeFolder(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return;
  for (const entry of entries) if (entry.isDirectory()) await removeFolder(join(folder, entry.name));
  for (let attempt = 0; attempt < 50; attempt++) {
    try {
      return await rmdir(folder);
    } catch (error) {
      // The kernel takes a moment to let go of processes that were killed.
      if (systemErrorCode(error) !== 'EBUSY') return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
