// The npm packages that a new service needs in its workspace.
import { ToolError } from '../lib/errors.ts';

/** What the service kit imports: the `@npm//…` of services/kit/BUILD.bazel. */
export const KIT_PACKAGES = [
  '@bufbuild/protobuf',
  '@grpc/grpc-js',
  '@grpc/proto-loader',
  '@grpc/reflection',
  '@opentelemetry/api',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-trace',
  '@types/node',
  'grpc-health-check',
  'pino',
  'prom-client',
] as const;

/** What generated contracts import. */
const CONTRACT_PACKAGES = ['@bufbuild/protobuf', '@grpc/grpc-js', '@types/node'] as const;

/** Options of {@link checkPackages}. */
export interface PackagesOptions {
  /** The package.json of the workspace, as text; undefined where there is none. */
  readonly own: string | undefined;
  /** Fathom's own package.json, which has versions that go together. */
  readonly fathoms: string;
  /** Further packages that the new service imports. */
  readonly imported: readonly string[];
}

/** Throws NEW_PACKAGES_MISSING where the workspace lacks packages. */
export function checkPackages({ own, fathoms, imported }: PackagesOptions): void {
  const has = versionsOf(own ?? '{}');
  const versions = versionsOf(fathoms);
  const needed = [...new Set([...KIT_PACKAGES, ...CONTRACT_PACKAGES, ...imported])].toSorted();
  const missing = needed.filter((name) => has[name] === undefined);
  if (missing.length === 0) return;
  const wanted = missing.map((name) => (versions[name] === undefined ? name : `${name}@${versions[name]}`));
  throw new ToolError('NEW_PACKAGES_MISSING', `Reading package.json: it lacks ${missing.join(', ')}`, {
    hint: `Run \`npm install --package-lock-only --ignore-scripts --save-exact ${wanted.join(' ')}\`.`,
  });
}

/** Package → version. Throws NEW_PACKAGES_MISSING for what is no package.json. */
function versionsOf(text: string): Readonly<Record<string, string>> {
  try {
    const { dependencies, devDependencies } = JSON.parse(text) as Partial<Record<string, Record<string, string>>>;
    return { ...devDependencies, ...dependencies };
  } catch (cause) {
    throw new ToolError('NEW_PACKAGES_MISSING', 'Reading package.json: it is not JSON', {
      cause,
      hint: 'Correct the file.',
    });
  }
}
