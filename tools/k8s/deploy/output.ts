// Who listens to a run: chosen by options, environment and terminal.
import { writeFile } from 'node:fs/promises';
import { ToolError, errorText } from '../../lib/errors.ts';
import { type Gatherer, gathererOf } from '../../lib/gather.ts';
import type { Log } from '../../lib/log.ts';
import { userPath } from '../../lib/runfiles.ts';
import { createAnnotationListener, createJsonListener, createJunitListener } from './ci_listeners.ts';
import type { VerbOptions } from './options.ts';
import type { Plan } from './plan.ts';
import { type Listener, Progress } from './progress.ts';
import { colorsFor, summary } from './report.ts';
import type { Session } from './session.ts';
import { createTextListener } from './text_listener.ts';
import { type Screen, createTreeListener } from './tree_listener.ts';

/** Where a run's output goes. */
export interface Streams {
  /** A line for programs. */
  readonly print: (line: string) => void;
  /** A line that is written as it is, beside the log. */
  readonly printError: (line: string) => void;
  /** The terminal to draw on; undefined where there is none. */
  readonly screen: Screen | undefined;
  /** Of the stream that the log goes to. Default: each line leaves at once. */
  readonly gatherer?: Gatherer;
}

/** The process's own streams. */
export function processStreams(env: Readonly<Record<string, string | undefined>>): Streams {
  const { stderr, stdout } = process;
  const isDrawn = stderr.isTTY === true && env['TERM'] !== 'dumb' && (env['CI'] ?? '') === '';
  return {
    print: (line) => void stdout.write(`${line}\n`),
    printError: (line) => void stderr.write(`${line}\n`),
    gatherer: gathererOf(stderr),
    screen: isDrawn
      ? {
          write: (text) => void stderr.write(text),
          get columns() {
            return stderr.columns;
          },
          get rows() {
            return stderr.rows;
          },
        }
      : undefined,
  };
}

/** Options of {@link createOutput}. */
export interface OutputOptions {
  readonly label: string;
  readonly options: VerbOptions;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly streams: Streams;
}

/** The progress of a run, and the log to use meanwhile. */
export function createOutput({ label, options, env, log, streams }: OutputOptions): {
  progress: () => Progress;
  log: Log;
} {
  const colors = colorsFor(process.stderr, env);
  let current = log;
  // A picture is only begun where a run is.
  const start = () => {
    const listeners: Listener[] = [];
    if (streams.screen === undefined) {
      listeners.push(createTextListener(log, colors, streams.gatherer));
    } else {
      const tree = createTreeListener(log, colors, streams.screen);
      current = tree.log;
      listeners.push(tree, { on: () => {}, close: () => void (current = log) });
    }
    if (options.output === 'json') listeners.push(createJsonListener(streams.print));
    if (env['GITHUB_ACTIONS'] === 'true') listeners.push(createAnnotationListener(streams.printError));
    const { junit } = options;
    if (junit !== undefined) listeners.push(createJunitListener(label, (xml) => writeJunit(userPath(junit, env), xml)));
    return new Progress(listeners);
  };
  return {
    progress: start,
    log: {
      info: (line) => current.info(line),
      warn: (line) => current.warn(line),
      error: (line) => current.error(line),
    },
  };
}

async function writeJunit(path: string, xml: string): Promise<void> {
  try {
    await writeFile(path, xml);
  } catch (cause) {
    throw new ToolError('K8S_JUNIT', `Writing ${path}: ${errorText(cause)}`, {
      cause,
      hint: 'Name a file in a folder that is there and may be written to.',
    });
  }
}

/** Runs a verb with a progress of its own: says in the end what was done, also where it failed or was interrupted. */
export async function withProgress(session: Session, work: (progress: Progress) => Promise<void>): Promise<void> {
  const progress = session.startProgress();
  try {
    await work(progress);
  } catch (error) {
    const { code, message, hint } =
      error instanceof ToolError ? error : { code: 'INTERNAL', message: errorText(error), hint: undefined };
    progress.emit({ kind: 'error', code, message, ...(hint === undefined ? {} : { hint }) });
    const { written } = progress;
    if (written !== undefined) {
      const { done, all, isDeleting } = written;
      const rest = isDeleting ? 'deleted' : 'done; they stay';
      session.log.warn(`${session.input.label}: stopped with ${done} of ${all} objects ${rest}`);
    }
    // What failed first is what counts.
    await progress.close().catch((other: unknown) => session.log.error(errorText(other)));
    throw error;
  }
  await progress.close();
}

/** Says what was done, with the time of each phase. */
export function finish(session: Session, progress: Progress, plan: Plan): void {
  const actions = plan.objects.map(({ action }) => action);
  progress.emit({ kind: 'done', actions, phases: progress.phases });
  session.log.info(`${session.input.label}: ${summary(actions, progress.elapsedMs, progress.phases)}`);
}
