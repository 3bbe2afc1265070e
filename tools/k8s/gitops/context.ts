// What gitops works with, and what comes of it.
import type { Log } from '../../lib/log.ts';
import type { GitopsOptions } from './options.ts';

export interface GitopsContext {
  /** The target. */
  readonly label: string;
  /** Absolute paths of the plans of the environment's stacks. */
  readonly plans: readonly string[];
  readonly options: GitopsOptions;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly resolve: (runfilesPath: string) => string;
  readonly print: (line: string) => void;
}

/** What came of it. */
export interface Published {
  /** The commit that was pushed; undefined: nothing had changed. */
  readonly commit: string | undefined;
  readonly title: string;
  readonly body: string;
  readonly files: readonly string[];
}
