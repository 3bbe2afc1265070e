// bazel run //:lint [-- --fix]: what linters and the compiler find in the checkout, and which files have grown long.
import { runMain } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import { createLog, formatDuration } from '../../lib/log.ts';
import { renderFinding } from './finding.ts';
import { lint } from './lint.ts';

await runMain(async ({ argv, env }) => {
  const unknown = argv.find((argument) => argument !== '--fix');
  if (unknown !== undefined) {
    throw new ToolError('LINT_USAGE', `Linting: ${unknown} is unknown`, { hint: 'The only option is --fix.' });
  }
  const log = createLog();
  const startMs = performance.now();
  const { files, findings, long } = await lint(env['BUILD_WORKSPACE_DIRECTORY'] ?? process.cwd(), {
    fix: argv.includes('--fix'),
  });
  for (const { path, lines, limit } of long) log.info(`${path}: ${lines} lines, over ${limit}: look for a seam`);
  for (const finding of findings) process.stdout.write(`${renderFinding(finding)}\n`);
  log.info(`${files.length} files, ${findings.length} findings, ${formatDuration(performance.now() - startMs)}`);
  if (findings.length > 0) {
    throw new ToolError('LINT_FOUND', `Linting: ${findings.length} findings, listed above`, {
      hint: 'Mend them; `bazel run //:lint -- --fix` does what is mechanical. docs/development.md says how a rule is switched off.',
    });
  }
});
