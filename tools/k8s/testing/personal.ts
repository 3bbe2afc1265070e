// What tests of personal namespaces do, in one word each.
import type { KubeObject } from '../model/object.ts';
import type { PersonalInput } from '../model/plan_input.ts';
import { gcVerb } from '../namespaces/gc.ts';
import { releaseVerb } from '../namespaces/release.ts';
import type { ApiServer } from './apiserver.ts';
import { callsTo } from './calls.ts';
import { configMap } from './objects.ts';
import { type TestStack, withSession } from './stack.ts';

/** What the environment says of them. */
export const PERSONAL: PersonalInput = {
  ttl: '72h',
  quota: { pods: '10', 'requests.cpu': '4' },
  limits: { defaultRequest: { cpu: '50m' }, default: { memory: '256Mi' } },
};

/** A stack of ConfigMaps for the namespace of `user`. */
export function stackOf(user: string, rest: Partial<TestStack> = {}, names: readonly string[] = ['a']): TestStack {
  const objects = names.map((name) => configMap(name, 'myns-placeholder', { host: 'x.myns-placeholder.svc' }));
  return {
    sets: [{ stack: 'x', namespace: 'myns-placeholder', objects }],
    env: { FATHOM_USER: user },
    personal: PERSONAL,
    args: ['--no-wait'],
    ...rest,
  };
}

/** What the targets of personal_namespaces hand over. */
export const programOf = (user: string, namespace: string, args: readonly string[]): TestStack => ({
  sets: [{ stack: '', namespace, objects: [] }],
  env: { FATHOM_USER: user },
  personal: PERSONAL,
  reserved: namespace === '' ? ['prod'] : ['prod', 'myns-placeholder'],
  args: ['--no-wait', ...args],
});

/** A namespace's place in the API. */
export const pathOf = (name: string) => `/api/v1/namespaces/${name}`;

/** Calls about personal namespaces to one API server, which is asked for at each call. */
export function personalNamespacesOf(server: () => ApiServer) {
  const { get, merge } = callsTo(server);
  const namespaceOf = async (name: string) => (await get(pathOf(name))) as KubeObject;
  const annotate = (name: string, annotations: Readonly<Record<string, string | null>>) =>
    merge(pathOf(name), {
      metadata: {
        annotations: Object.fromEntries(
          Object.entries(annotations).map(([key, value]) => [`fathom.internal/${key}`, value]),
        ),
      },
    });
  return {
    namespaceOf,
    annotate,
    expiresAt: async (name: string) =>
      Date.parse((await namespaceOf(name)).metadata.annotations?.['fathom.internal/expires'] ?? ''),
    expire: (name: string) => annotate(name, { expires: '2001-01-01T00:00:00Z' }),
    isEnding: async (name: string) => (await get(pathOf(name)))?.metadata.deletionTimestamp !== undefined,
    release: (user: string) =>
      withSession(server(), programOf(user, 'myns-placeholder', []), ({ session }) => releaseVerb(session)),
    /** Runs gc; what it prints, and what it logs. */
    collect: (args: readonly string[], rest: Partial<TestStack> = {}) => {
      const printed: string[] = [];
      const streams = { print: (line: string) => printed.push(line) };
      const stack = { ...programOf('admin', '', args), streams, ...rest };
      return withSession(server(), stack, async ({ session, lines }) => {
        await gcVerb(session);
        return { printed, lines };
      });
    },
  };
}
