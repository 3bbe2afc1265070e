// The command line.
import { Command, CommanderError } from 'commander';
import { ToolError } from '../lib/errors.ts';

/** What was asked for. */
export interface ServiceOptions {
  /** A path below services/. */
  readonly name: string;
  /** Paths below services/, or labels. */
  readonly deps: readonly string[];
  /** Whether only to show what would be written. */
  readonly dryRun: boolean;
  /** Whether Bazel renders the golden files. */
  readonly goldens: boolean;
}

/** The command with its options; it throws where it would end the process. */
export function command(): Command {
  return new Command('bazel run @fathom//tools/new:service --')
    .description(
      'Writes a gRPC service into the workspace: its contract, sources, tests, manifests and BUILD files, and its line in prod/services.bzl.',
    )
    .requiredOption('--name <path>', 'its folder below services/: words in snake_case, as in shop/cart')
    .option('--deps <services>', 'services that it calls, by comma: paths below services/, as in redis,shop/cart', add)
    .option('--dry-run', 'print what would be written, as a patch, and write nothing')
    .option('--no-goldens', 'leave out the golden files, which Bazel renders')
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
}

/** Reads options; undefined for the help, which is printed. Throws NEW_USAGE. */
export function readOptions(argv: readonly string[]): ServiceOptions | undefined {
  try {
    const { name, deps, dryRun, goldens } = command()
      .parse([...argv], { from: 'user' })
      .opts<{ name: string; deps?: string[]; dryRun?: boolean; goldens: boolean }>();
    return { name, deps: deps ?? [], dryRun: dryRun ?? false, goldens };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw new ToolError('NEW_USAGE', `Reading options: ${error.message.replace(/^error: /, '').replace(/\.$/, '')}`, {
      hint: 'Run it with --help.',
    });
  }
}

/** Adds the services of one --deps to those of others. */
function add(text: string, before: readonly string[] = []): readonly string[] {
  const words = text.split(',').map((word) => word.trim());
  return [...before, ...words.filter((word) => word !== '')];
}
