// What the build says of a registry that is collected: the arguments of the launcher, before those of the caller.
import { parseArgs } from 'node:util';
import { ToolError, errorText } from '../../lib/errors.ts';

/** A registry that runs in the cluster, as its rule describes it. */
export interface GcSettings {
  /** Its name in references. */
  readonly registry: string;
  /** Its Deployment. */
  readonly deployment: string;
  /** The program in its container. */
  readonly program: string;
  /** The file that the program is started with; one of the container's arguments. */
  readonly config: string;
  /** The file that it is started with while nobody may push. */
  readonly readOnlyConfig: string;
}

/** The launcher's arguments. */
export interface Invocation {
  readonly plan: string;
  readonly settings: GcSettings;
  /** Descriptions of services with pins. */
  readonly services: readonly string[];
  /** The caller's arguments. */
  readonly rest: readonly string[];
}

const TEXT = { type: 'string', default: '' } as const;

/** Reads `--plan FILE --registry … --caller …`. Throws K8S_USAGE. */
export function parseInvocation(argv: readonly string[]): Invocation {
  const end = argv.indexOf('--caller');
  try {
    const { values } = parseArgs({
      args: argv.slice(0, end < 0 ? argv.length : end),
      options: {
        plan: TEXT,
        registry: TEXT,
        deployment: TEXT,
        program: TEXT,
        config: TEXT,
        'read-only-config': TEXT,
        service: { type: 'string', multiple: true, default: [] },
      },
    });
    const { plan, registry, deployment, program, config, service, 'read-only-config': readOnlyConfig } = values;
    const settings = { registry, deployment, program, config, readOnlyConfig };
    if (end >= 0 && [plan, ...Object.values(settings)].every((text) => text !== '')) {
      return { plan, settings, services: service, rest: argv.slice(end + 1) };
    }
  } catch (error) {
    throw usage(errorText(error), error);
  }
  throw usage('an argument of the launcher is missing');
}

function usage(problem: string, cause?: unknown): ToolError {
  return new ToolError('K8S_USAGE', `Starting the collection of images: ${problem}`, {
    ...(cause === undefined ? {} : { cause }),
    hint: 'Run a target of registry_gc, such as `bazel run //prod:registry.gc`.',
  });
}
