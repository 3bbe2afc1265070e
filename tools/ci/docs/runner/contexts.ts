// What surrounds code of pages that is a part of something: with it, the code can be evaluated.

/** The rest of a file whose part a page shows. */
export interface Context {
  readonly page: string;
  /** How the code begins. */
  readonly code: string;
  /** What the file is called, where it is to be written into the workspace. */
  readonly path?: string;
  readonly before?: string;
  readonly after?: string;
  /** What the page leaves out, and what is there instead. */
  readonly replaced?: readonly (readonly [string, string])[];
}

const IMPORTS = ['dependency', 'ingress', 'k:kubernetes', 'labels', 'secret', 'service']
  .map((name) => name.split(':'))
  .map(([local = '', file = local]) => `local ${local} = import 'jsonnet/${file}.libsonnet';`)
  .join('\n');
const ENVIRONMENT = "local environment = { name: 'dev', namespace: 'dev', registry: 'registry.example' };";

// A service that is watched, up to the fields of `monitoring`.
const WATCHED = `${IMPORTS}
${ENVIRONMENT}
service({
  name: 'web',
  environment: environment,
  image: 'web:1',
  ports: { grpc: 1, metrics: 2 },
  servicePorts: { grpc: 1 },`;
const OF_MONITORING = ['slos: {', 'alerts: {', 'dashboard: {'];

export const CONTEXTS: readonly Context[] = [
  { page: 'docs/checks.md', code: 'metadata: {', before: '{', after: '}' },
  {
    page: 'docs/clusters.md',
    code: 'local ingress = ',
    before: IMPORTS,
    replaced: [
      [
        '…, ',
        "name: 'web', environment: environment, image: 'web:1', ports: { grpc: 1, http: 80 }, servicePorts: { http: 80 }, ",
      ],
    ],
  },
  {
    page: 'docs/rules.md',
    code: 'jsonnet_to_json(\n    name = "manifests",\n    tla_code_files',
    replaced: [['    …', '    src = "web.jsonnet",\n    outs = ["web.json"],']],
  },
  { page: 'docs/rules.md', code: 'local service = import', after: '{ it: std.isFunction(service) }' },
  { page: 'docs/secrets.md', code: 'local secret = import', before: ENVIRONMENT },
  {
    page: 'docs/secrets.md',
    code: 'secret.object(',
    before: `${IMPORTS}\nlocal namespace = 'dev';\n[`,
    after: ']',
    replaced: [[' })\nsecret', ' }),\nsecret']],
  },
  {
    page: 'docs/services.md',
    code: 'local other = ',
    before: `${IMPORTS}\n${ENVIRONMENT}\nlocal deps = {};`,
    replaced: [['\ndependencies:', '\n{ dependencies:']],
    after: '}',
  },
  { page: 'docs/watching_services.md', code: 'monitoring: {', before: WATCHED, after: '})' },
  ...OF_MONITORING.map((code) => ({
    page: 'docs/watching_services.md',
    code,
    before: `${WATCHED}\n  monitoring: { port: 'metrics',`,
    after: '} })',
  })),
  {
    page: 'docs/kit.md',
    code: 'const client = createClient(',
    path: 'services/greeter/client.ts',
    before: `// What the page shows of a client.
import { RouteGuideClient } from '../../proto/routeguide/v1/route_guide.ts';
import { createClient, createMetrics } from '../kit/index.ts';

const config = { server: '127.0.0.1:50051' };
const metrics = createMetrics();
`,
    after: 'client.close();',
  },
];

/** Code with what surrounds it. */
export function inContext(page: string, text: string, contexts: readonly Context[] = CONTEXTS): string {
  const context = contextOf(page, text, contexts);
  if (context === undefined) return text;
  const { before = '', after = '', replaced = [] } = context;
  const whole = replaced.reduce((all, [from, to]) => all.replaceAll(from, to), text);
  return [before, whole, after].filter((part) => part !== '').join('\n');
}

/** The context of a page's code. */
export function contextOf(page: string, text: string, contexts: readonly Context[] = CONTEXTS): Context | undefined {
  return contexts.find((one) => one.page === page && text.startsWith(one.code));
}
