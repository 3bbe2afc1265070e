// Writes what was planned: all of it, or nothing.
import { mkdir, open, readFile, realpath, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ToolError, errorText } from '../lib/errors.ts';
import type { PlannedFile, ServicePlan } from './plan.ts';

/**
 * Writes the files of a plan into a workspace: new ones first, those that they change last. What was written is taken
 * away again where something fails. Throws NEW_NOT_WRITTEN.
 */
export async function writePlan(plan: Pick<ServicePlan, 'label' | 'files'>, workspace: string): Promise<void> {
  const undo: (() => Promise<unknown>)[] = [];
  const isNew = ({ before }: PlannedFile) => before === undefined;
  try {
    for (const file of plan.files.filter(isNew)) await create(join(workspace, file.path), file.text, undo);
    for (const file of plan.files.filter((one) => !isNew(one))) await change(workspace, file, undo);
  } catch (cause) {
    for (const step of undo.reverse()) await step().catch(() => undefined);
    if (cause instanceof ToolError) throw cause;
    throw new ToolError('NEW_NOT_WRITTEN', `Writing ${plan.label}: ${errorText(cause)}; nothing was written`, {
      cause,
      hint: 'Mend that, and run it again.',
    });
  }
}

/** Never replaces a file, also not one that has come since the plan was made. */
async function create(path: string, text: string, undo: (() => Promise<unknown>)[]): Promise<void> {
  const made = await mkdir(dirname(path), { recursive: true });
  if (made !== undefined) undo.push(() => removeFolders(made, dirname(path)));
  const file = await open(path, 'wx');
  undo.push(() => rm(path));
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}

/** Removes the folders from `first` down to `last`, those of them that are empty. */
async function removeFolders(first: string, last: string): Promise<void> {
  for (let folder = last; folder.length >= first.length; folder = dirname(folder)) await rmdir(folder);
}

/** Puts a new text in the place of the one that the plan is about, at once. */
async function change(
  workspace: string,
  { path, text, before = '' }: PlannedFile,
  undo: (() => Promise<unknown>)[],
): Promise<void> {
  // Through a link, to the file that it leads to.
  const target = await realpath(join(workspace, path));
  if ((await readFile(target, 'utf8')) !== before) {
    throw new ToolError('NEW_NOT_WRITTEN', `Writing ${path}: somebody has changed it meanwhile; nothing was written`, {
      hint: 'Run it again.',
    });
  }
  await replace(target, text);
  undo.push(() => replace(target, before));
}

async function replace(target: string, text: string): Promise<void> {
  const draft = `${target}.${process.pid}.draft`;
  try {
    const file = await open(draft, 'wx', (await stat(target)).mode);
    await file.writeFile(text);
    await file.close();
    await rename(draft, target);
  } finally {
    await rm(draft, { force: true });
  }
}
