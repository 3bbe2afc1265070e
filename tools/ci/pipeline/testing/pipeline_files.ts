// The pipelines of examples/ci: what they run, in order.
import { parse } from 'yaml';

/** A command of a pipeline, and the job it is in. */
export interface PipelineCommand {
  readonly job: string;
  readonly command: string;
}

interface GitHubJob {
  readonly steps: readonly { readonly run?: string }[];
}

/** The commands of a workflow of GitHub Actions. */
export function githubCommands(text: string): readonly PipelineCommand[] {
  const { jobs } = parse(text) as { readonly jobs: Readonly<Record<string, GitHubJob>> };
  return Object.entries(jobs).flatMap(([job, { steps }]) =>
    steps.flatMap(({ run }) => (run === undefined ? [] : [{ job, command: run.trim() }])),
  );
}

interface GitLabJob {
  readonly script?: readonly string[];
  readonly before_script?: readonly string[];
}

/** The commands of a pipeline of GitLab CI; what comes before a script is a part of each job. */
export function gitlabCommands(text: string): readonly PipelineCommand[] {
  const { default: common = {}, ...entries } = parse(text) as Readonly<Record<string, GitLabJob>>;
  return Object.entries(entries)
    .filter(([, entry]) => Array.isArray(entry.script))
    .flatMap(([job, { script = [], before_script: before = common.before_script ?? [] }]) =>
      [...before, ...script].map((command) => ({ job, command: command.trim() })),
    );
}
