import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToolError } from '../../lib/errors.ts';
import { checkStack } from '../build/check_stack.ts';
import type { KubeObject } from '../model/object.ts';
import type { LoadedSet } from '../model/plan_input.ts';

interface Place {
  readonly context?: string;
  readonly namespace?: string;
}

/** A service's stack with one object. */
function stack(name: string, object: KubeObject, { context = 'c', namespace = 'prod' }: Place = {}): LoadedSet {
  const label = `//services/${name}:prod`;
  const connection = { cluster: 'c', context, namespace, user: '', kubeconfig: '' };
  const guard = { environment: 'prod', isProtected: false, caSha256: '' };
  return {
    label,
    stack: name,
    namespace,
    objects: [{ version: 1, label: `${label}__object`, connection, guard, images: [], objects: [object] }],
  };
}

const object = (kind: string, name: string, namespace?: string, apiVersion = 'v1'): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
});

for (const [what, sets, isRefused] of [
  ['one name for two Services', [stack('a', object('Service', 'x')), stack('b', object('Service', 'x'))], true],
  [
    'a namespace that one names and the other does not',
    [stack('a', object('Service', 'x', 'prod')), stack('b', object('Service', 'x'))],
    true,
  ],
  [
    'two versions of one kind',
    [
      stack('a', object('Deployment', 'x', 'prod', 'apps/v1')),
      stack('b', object('Deployment', 'x', 'prod', 'apps/v1beta1')),
    ],
    true,
  ],
  ['two kinds', [stack('a', object('Service', 'x')), stack('b', object('ConfigMap', 'x'))], false],
  ['two names', [stack('a', object('Service', 'x')), stack('b', object('Service', 'y'))], false],
  [
    'two namespaces',
    [stack('a', object('Service', 'x')), stack('b', object('Service', 'x'), { namespace: 'dev' })],
    false,
  ],
  [
    'two clusters',
    [stack('a', object('Service', 'x')), stack('b', object('Service', 'x'), { context: 'other' })],
    false,
  ],
  [
    'two groups',
    [
      stack('a', object('Ingress', 'x', 'p', 'extensions/v1')),
      stack('b', object('Ingress', 'x', 'p', 'networking/v1')),
    ],
    false,
  ],
] as const) {
  test(`${isRefused ? 'refuses' : 'allows'} ${what}`, () => {
    const check = () => checkStack('//services/b:prod-deep', sets);
    if (!isRefused) return check();
    assert.throws(check, (error) => {
      assert.ok(error instanceof ToolError);
      assert.equal(error.code, 'K8S_DUPLICATE_OBJECT');
      assert.match(
        error.message,
        /^Reading \/\/services\/b:prod-deep: (Service|Deployment) prod\/x is both in \/\/services\/a:prod__object and in \/\/services\/b:prod__object$/,
      );
      return true;
    });
  });
}
