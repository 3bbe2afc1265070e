// The workspaces below examples/, each of which loads this one.
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ToolError } from './errors.ts';

/** A workspace of its own. */
export interface Example {
  /** Relative to the checkout: examples/minimal. */
  readonly folder: string;
  /** What is built and tested there. */
  readonly targets: readonly string[];
}

const LIST = 'examples/examples.json';

/** All examples of the checkout `root`, as its list has them. Throws EXAMPLES_LIST where list and folders differ. */
export async function readExamples(root: string): Promise<readonly Example[]> {
  const listed = JSON.parse(await readFile(join(root, LIST), 'utf8')) as readonly Example[];
  const entries = await readdir(join(root, 'examples'), { withFileTypes: true });
  const isWorkspace = (name: string) => existsSync(join(root, 'examples', name, 'WORKSPACE'));
  const there = entries.filter((entry) => entry.isDirectory() && isWorkspace(entry.name)).map(({ name }) => name);
  const names = listed.map(({ folder }) => folder);
  const different = [
    ...there.filter((name) => !names.includes(name)),
    ...names.filter((name) => !there.includes(name)),
  ];
  if (different.length > 0) {
    throw new ToolError(
      'EXAMPLES_LIST',
      `Reading ${LIST}: it does not agree with the folders: ${different.join(', ')}`,
      {
        hint: 'List each folder of examples/ that has a WORKSPACE, and no other.',
      },
    );
  }
  return listed.map(({ folder, targets }) => ({ folder: `examples/${folder}`, targets }));
}
