// A branch of manifests handed over to a command that opens a pull request.
import { spawn } from 'node:child_process';
import { ToolError } from '../../lib/errors.ts';
import type { GitopsContext, Published } from './context.ts';

const PR_TIMEOUT_MS = 10 * 60_000;

/** Hands the branch over. Throws K8S_GITOPS_PR. */
export async function openPullRequest(
  { title, body, commit: id }: Published,
  command: string,
  context: GitopsContext,
): Promise<void> {
  const { options, env, log } = context;
  const { branch, base, environment, repo } = options;
  const own = {
    FATHOM_BASE: base ?? '',
    FATHOM_BODY: body,
    FATHOM_BRANCH: branch,
    FATHOM_COMMIT: id ?? '',
    FATHOM_ENVIRONMENT: environment,
    FATHOM_REPO: repo,
    FATHOM_TITLE: title,
  };
  log.info(`handing ${branch} over to: ${command}`);
  // Its arguments, for commands that take no environment: branch, title, body.
  const child = spawn('/bin/sh', ['-c', command, 'sh', branch, title, body], {
    env: { ...env, ...own },
    cwd: env['BUILD_WORKING_DIRECTORY'] ?? process.cwd(),
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: PR_TIMEOUT_MS,
    signal: context.signal,
  });
  const code = await new Promise<number | string | null>((done, fail) =>
    child.on('error', fail).on('close', (status, name) => done(status ?? name)),
  ).catch((error: unknown) => {
    context.signal.throwIfAborted();
    throw error;
  });
  if (code === 0) return;
  throw new ToolError('K8S_GITOPS_PR', `Opening a pull request for ${branch}: the command ended with ${code}`, {
    hint: `The branch is pushed: correct the command and open the pull request by hand. It was: ${command}`,
  });
}
