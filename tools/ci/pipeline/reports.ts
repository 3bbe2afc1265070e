// The reports of tests, copied to where a pipeline collects them: bazel-testlogs is a link out of the checkout.
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/** Copies each test.xml below `logs` to `reports`, in the same folders. Resolves to how many there are. */
export async function collectReports(logs: string, reports: string): Promise<number> {
  const entries = await readdir(logs, { withFileTypes: true, recursive: true }).catch(
    (error: NodeJS.ErrnoException) => {
      // No test has run yet.
      if (error.code === 'ENOENT') return [];
      throw error;
    },
  );
  const found = entries.filter((entry) => entry.isFile() && entry.name === 'test.xml');
  for (const { parentPath, name } of found) {
    const target = join(reports, relative(logs, parentPath), name);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(join(parentPath, name), target);
  }
  return found.length;
}
