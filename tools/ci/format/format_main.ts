// bazel run //tools/ci/format: writes every file of the checkout as its formatter would have it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runMain } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { formattedFiles, unformatted } from './checkout.ts';

await runMain(async ({ env }) => {
  const workspace = env['BUILD_WORKSPACE_DIRECTORY'] ?? process.cwd();
  const log = createLog();
  const files = formattedFiles(workspace);
  const found = await unformatted(workspace, files);
  for (const { path, formatted } of found) {
    if (formatted === undefined) continue;
    await writeFile(join(workspace, path), formatted);
    log.info(`formatted ${path}`);
  }
  const broken = found.filter(({ formatted }) => formatted === undefined);
  if (broken.length > 0) {
    const lines = broken.map(({ path, problem }) => `${path}: ${problem}`);
    throw new ToolError('FORMAT_UNREADABLE', `Formatting: ${broken.length} files can't be read\n${lines.join('\n')}`, {
      hint: 'Mend their syntax and run it again.',
    });
  }
  log.info(`${files.length} files, ${found.length} changed`);
});
