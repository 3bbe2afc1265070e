// The files of a commit, straight from git's objects: no setting of the checkout, no attribute and no umask changes them.
import { spawn } from 'node:child_process';
import { ToolError } from '../lib/errors.ts';
import { gitIn } from '../lib/git.ts';

/** A file of a commit. */
export interface TreeEntry {
  readonly path: string;
  readonly kind: 'file' | 'program' | 'link';
  /** A link's are its target. */
  readonly content: Buffer;
}

const KINDS: Readonly<Record<string, TreeEntry['kind']>> = { '100644': 'file', '100755': 'program', '120000': 'link' };

/** All files of `commit` in the repository of `folder`, in the order of their paths' bytes. Throws RELEASE_TREE. */
export async function readTree(folder: string, commit: string): Promise<readonly TreeEntry[]> {
  const listed = await gitIn(folder)('ls-tree', '-r', '-z', '--full-tree', commit).catch((cause: unknown) => {
    throw new ToolError('RELEASE_TREE', `Reading commit ${commit} of ${folder}: git doesn't know it`, {
      cause,
      hint: 'Run it in a git checkout, and name a commit that `git log` lists.',
    });
  });
  const files = listed
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const [, mode = '', id = '', path = ''] = /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
      const kind = KINDS[mode];
      if (kind !== undefined) return { path, kind, id };
      throw new ToolError('RELEASE_TREE', `Reading commit ${commit}: ${path} has mode ${mode}, as submodules have`, {
        hint: 'Take it out: an archive holds files and links alone.',
      });
    });
  const contents = await readObjects(
    folder,
    files.map(({ id }) => id),
  );
  return files.map(({ path, kind }, index) => ({ path, kind, content: contents[index] ?? Buffer.alloc(0) }));
}

/** The contents of objects, in one run of git. */
async function readObjects(folder: string, ids: readonly string[]): Promise<readonly Buffer[]> {
  const output = await new Promise<Buffer>((resolve, reject) => {
    const child = spawn('git', ['-C', folder, 'cat-file', '--batch'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      timeout: 300_000,
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(Buffer.concat(chunks)) : reject(new Error(`git cat-file ended with ${code ?? 'a signal'}`)),
    );
    child.stdin.on('error', reject);
    child.stdin.end(`${ids.join('\n')}\n`);
  });
  return splitBatch(output);
}

/** `<id> blob <size>\n<content>\n`, over and over. */
export function splitBatch(output: Buffer): readonly Buffer[] {
  const contents: Buffer[] = [];
  for (let at = 0; at < output.length;) {
    const end = output.indexOf('\n', at);
    const header = output.toString('latin1', at, end);
    const size = Number(/^[0-9a-f]+ blob (\d+)$/.exec(header)?.[1]);
    if (end < 0 || !Number.isInteger(size)) throw new Error(`git cat-file said ${JSON.stringify(header)}`);
    contents.push(output.subarray(end + 1, end + 1 + size));
    at = end + 1 + size + 1;
  }
  return contents;
}
