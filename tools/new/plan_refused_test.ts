import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ToolError } from '../lib/errors.ts';
import type { PlanOptions } from './plan.ts';
import { createTestWorkspace, goldenService, planIn, type TestWorkspace } from './testing/workspace.ts';

let workspace: TestWorkspace;
beforeEach(async () => {
  workspace = await createTestWorkspace();
});
afterEach(() => workspace.remove());

const plan = (name: string, deps?: readonly string[], facts?: PlanOptions['facts']) =>
  planIn(workspace.root, name, deps, facts);

describe('refused, with nothing written:', () => {
  interface Row {
    readonly name: string;
    readonly service?: string;
    readonly deps?: readonly string[];
    readonly files?: Readonly<Record<string, string>>;
    readonly facts?: PlanOptions['facts'];
    readonly code: string;
    readonly says: RegExp;
    readonly hint: RegExp;
  }
  const rows: readonly Row[] = [
    { name: 'a bad name', service: 'X', code: 'NEW_BAD_NAME', says: /'X'/, hint: /--name=x/ },
    {
      name: 'a service that is there',
      service: 'redis',
      code: 'NEW_EXISTS',
      says: /prod\/services\.bzl has it already/,
      hint: /another name/,
    },
    {
      name: 'a service with the Kubernetes name of another',
      service: 'shop_server',
      code: 'NEW_EXISTS',
      says: /\/\/services\/shop\/server has its Kubernetes name, shop-server/,
      hint: /another name/,
    },
    {
      name: 'files that are there: all of them are named',
      files: { 'services/x/main.ts': 'mine', 'proto/x/v1/x.proto': 'mine', 'services/x/BUILD': '' },
      code: 'NEW_EXISTS',
      says: /\n {2}proto\/x\/v1\/x\.proto\n {2}services\/x\/BUILD\n {2}services\/x\/main\.ts$/,
      hint: /move these away/,
    },
    {
      name: 'a file where a folder would be',
      files: { 'services/x': 'mine' },
      code: 'NEW_EXISTS',
      says: /services\/x\/BUILD\.bazel/,
      hint: /move these away/,
    },
    {
      name: 'a callee that there is not',
      deps: ['redis', 'shop/sever'],
      code: 'NEW_UNKNOWN_DEPENDENCY',
      says: /no 'shop\/sever', it has redis, shop\/server, web, worker$/,
      hint: /write --deps=shop\/server/,
    },
    {
      name: 'a callee where there is none at all',
      deps: ['redis'],
      files: { 'prod/services.bzl': 'SERVICES = []\n' },
      code: 'NEW_UNKNOWN_DEPENDENCY',
      says: /it has none$/,
      hint: /Leave --deps out/,
    },
    {
      name: 'a callee that nobody can call',
      deps: ['worker'],
      code: 'NEW_DEPENDENCY_PORT',
      says: /services\/worker has no Service/,
      hint: /by hand/,
    },
    {
      name: 'a callee of another protocol',
      deps: ['web'],
      code: 'NEW_DEPENDENCY_PORT',
      says: /services\/web has a Service with http; a port named grpc or redis is needed/,
      hint: /by hand/,
    },
    {
      name: 'a callee that is not in the environment',
      deps: ['shop/server'],
      facts: { repository: '', environments: { myns: 'built', test: 'built' } },
      code: 'NEW_DEPENDENCY_ENVIRONMENT',
      says: /services\/shop\/server is not in environment 'test', only in myns/,
      hint: /Add 'test' to 'environments'/,
    },
    {
      name: 'a callee without golden files',
      deps: ['new'],
      files: { 'prod/services.bzl': 'SERVICES = ["//services/new"]\n' },
      code: 'NEW_DEPENDENCY_ENVIRONMENT',
      says: /services\/new has no golden files/,
      hint: /bazel run \/\/services\/new:update_goldens/,
    },
    {
      name: 'a store in another workspace',
      deps: ['redis'],
      facts: { repository: '@fathom', environments: { myns: 'built' } },
      code: 'NEW_STORE_ELSEWHERE',
      says: /\/\/services\/redis is a store of another workspace/,
      hint: /by hand/,
    },
    {
      name: 'a callee whose contract is not known',
      deps: ['shop/server'],
      files: { 'services/shop/server/BUILD.bazel': 'nodejs_service(deps = ["//services/kit"])\n' },
      code: 'NEW_DEPENDENCY_CONTRACT',
      says: /names none$/,
      hint: /by hand/,
    },
    {
      name: 'a callee with several contracts',
      deps: ['shop/server'],
      files: {
        'services/shop/server/BUILD.bazel': 'deps = ["//proto/shop/v1:shop_ts", "//proto/bank/v1:bank_ts"]\n',
        'proto/bank/v1/BUILD.bazel': 'ts_proto_library(\n    name = "bank_ts",\n)\n',
        'proto/bank/v1/bank.proto': 'service Bank {\n}\n',
        'services/shop/server/main.ts': 'implementation(ShopService, x); implementation(BankService, y);',
      },
      code: 'NEW_DEPENDENCY_CONTRACT',
      says: /names Shop of proto\/shop\/v1\/shop\.proto, Bank of proto\/bank\/v1\/bank\.proto$/,
      hint: /by hand/,
    },
    {
      name: 'a store without users',
      deps: ['cache'],
      files: {
        'prod/services.bzl': 'SERVICES = ["//services/cache"]\n',
        'services/cache/golden/myns.yaml': goldenService('redis'),
      },
      code: 'NEW_STORE_USERS',
      says: /services\/cache\/users\.bzl: it is not there/,
      hint: /by hand/,
    },
    {
      name: 'two stores',
      deps: ['redis', 'cache'],
      files: {
        'prod/services.bzl': 'SERVICES = ["//services/cache", "//services/redis"]\n',
        'services/cache/golden/myns.yaml': goldenService('redis'),
      },
      code: 'NEW_TWO_STORES',
      says: /\/\/services\/cache and \/\/services\/redis are stores/,
      hint: /Name one/,
    },
    {
      name: 'a list that cannot be edited',
      files: { 'prod/services.bzl': 'SERVICES = [x for x in OTHERS]\n' },
      code: 'NEW_SERVICES_LIST',
      says: /more than a list of labels/,
      hint: /each label in quotes/,
    },
    {
      name: 'environments that deploy pins alone',
      facts: { repository: '', environments: { prod: 'pinned' } },
      code: 'NEW_NO_ENVIRONMENT',
      says: /no environment of ENVS deploys what was built/,
      hint: /"images": "built"/,
    },
    {
      name: 'packages that the workspace lacks: with the versions of Fathom',
      files: { 'package.json': '{ "dependencies": { "pino": "1.0.0" } }' },
      code: 'NEW_PACKAGES_MISSING',
      says: /it lacks @bufbuild\/protobuf, @grpc\/grpc-js, .*prom-client$/,
      hint: /--save-exact @bufbuild\/protobuf@\d+\.\d+\.\d+ @grpc\/grpc-js@\d/,
    },
    {
      name: 'a package.json that is none',
      files: { 'package.json': '{' },
      code: 'NEW_PACKAGES_MISSING',
      says: /package\.json: it is not JSON/,
      hint: /Correct/,
    },
  ];
  for (const { name, service = 'x', deps = [], files = {}, facts, code, says, hint } of rows) {
    test(name, async () => {
      await workspace.write(files);
      const before = await workspace.read();
      await assert.rejects(plan(service, deps, facts), (error) => {
        assert.ok(error instanceof ToolError, String(error));
        assert.equal(error.code, code);
        assert.match(error.message, says);
        assert.match(error.hint ?? '', hint);
        return true;
      });
      assert.deepEqual(await workspace.read(), before);
    });
  }

  test('a workspace without the list', async () => {
    const root = join(workspace.root, 'services');
    await assert.rejects(planIn(root), { code: 'NEW_NO_SERVICES_LIST', message: new RegExp(`is not in ${root}$`) });
  });
  test('a link that leads nowhere, in the place of a file', async () => {
    await workspace.write({ 'services/x/README.md': '' });
    await symlink('/nowhere', join(workspace.root, 'services/x/main.ts'));
    await assert.rejects(plan('x'), { code: 'NEW_EXISTS', message: /services\/x\/main\.ts/ });
  });
});
