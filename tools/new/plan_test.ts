import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ToolError } from '../lib/errors.ts';
import { runfile } from '../lib/runfiles.ts';
import { type PlanOptions, planService, type ServicePlan } from './plan.ts';
import { createTestWorkspace, FILES, goldenService, grpcService, type TestWorkspace } from './testing/workspace.ts';

let workspace: TestWorkspace;
beforeEach(async () => {
  workspace = await createTestWorkspace();
});
afterEach(() => workspace.remove());

function plan(name: string, deps: readonly string[] = [], facts?: PlanOptions['facts']): Promise<ServicePlan> {
  return planService({
    workspace: workspace.root,
    facts: facts ?? { repository: '', environments: { prod: 'pinned', myns: 'built' } },
    name,
    deps,
    templates: runfile('fathom/tools/new/templates'),
    fathomPackages: runfile('fathom/package.json'),
  });
}

async function textOf(planned: Promise<ServicePlan>, path: string): Promise<string> {
  const { files } = await planned;
  const file = files.find((one) => one.path === path);
  assert.ok(file, `${path} is not among ${files.map((one) => one.path).join(' ')}`);
  return file.text;
}

describe('a plan', () => {
  test('has contract, sources, tests, manifests, BUILD files, and the line of the list', async () => {
    const { files, label, environments } = await plan('shop/cart');
    assert.equal(label, '//services/shop/cart');
    assert.deepEqual(environments, ['myns']);
    assert.deepEqual(
      files.map(({ path }) => path),
      [
        'proto/shop/cart/v1/BUILD.bazel',
        'proto/shop/cart/v1/cart.proto',
        'services/shop/cart/BUILD.bazel',
        'services/shop/cart/cart.jsonnet',
        'services/shop/cart/cart.ts',
        'services/shop/cart/cart_test.ts',
        'services/shop/cart/main.ts',
        'services/shop/cart/server.ts',
        'services/shop/cart/server_test.ts',
        'prod/services.bzl',
      ],
    );
    assert.match(files.at(-1)?.text ?? '', /"\/\/services\/redis",\n {4}"\/\/services\/shop\/cart",\n/);
    assert.equal(files.at(-1)?.before, FILES['prod/services.bzl']);
  });
  test('writes nothing', async () => {
    const before = await workspace.read();
    await plan('x', ['redis', 'shop/server']);
    assert.deepEqual(await workspace.read(), before);
  });
  test('leaves nothing of a template unfilled, and nothing to do', async () => {
    const { files } = await plan('x', ['redis', 'shop/server']);
    for (const { path, text } of files) assert.doesNotMatch(text, /\{\{|TODO|FIXME/, path);
  });
  test('imports nothing that it does not use', async () => {
    for (const deps of [[], ['redis'], ['shop/server'], ['redis', 'shop/server']]) {
      const { files } = await plan('x', deps);
      for (const { path, text } of files.filter((file) => file.path.endsWith('.ts'))) {
        const imports = [...text.matchAll(/^import (?:type )?(?:\{([^}]*)\}|(\w+)) from/gm)];
        const names = imports.flatMap(([, list, name = '']) => list?.split(',') ?? [name]);
        for (const name of names.map((one) => one.replace(/^\s*type /, '').trim()).filter((one) => one !== '')) {
          const uses = text.match(new RegExp(`\\b${name}\\b`, 'g')) ?? [];
          assert.ok(uses.length > 1, `${path} with --deps=${deps.join(',')} does not use ${name}`);
        }
      }
    }
  });
  test('has names of the path in contract and manifests', async () => {
    assert.match(await textOf(plan('shop/cart'), 'proto/shop/cart/v1/cart.proto'), /^package shop\.cart\.v1;$/m);
    const manifests = await textOf(plan('shop/cart'), 'services/shop/cart/cart.jsonnet');
    assert.match(manifests, /^ {2}name: 'shop-cart',\n {2}partOf: 'shop',$/m);
    assert.match(manifests, /image: environment\.registry \+ '\/services\/shop\/cart'/);
  });
  test('takes the address of what it calls from its rendered Service', async () => {
    const manifests = await textOf(plan('x', ['redis', 'shop/server']), 'services/x/x.jsonnet');
    assert.match(manifests, /^ {4}REDIS_ADDRESS: dependency\.address\(deps\.redis, 'redis'\),$/m);
    assert.match(manifests, /^ {4}SHOP_SERVER_ADDRESS: dependency\.address\(deps\.server, 'grpc'\),$/m);
  });
  test('makes a client of the contract of what it calls', async () => {
    const planned = plan('x', ['shop/server']);
    assert.match(await textOf(planned, 'services/x/BUILD.bazel'), /^ {8}"\/\/proto\/shop\/v1:shop_ts",$/m);
    const main = await textOf(planned, 'services/x/main.ts');
    assert.match(main, /^import \{ ShopClient \} from '\.\.\/\.\.\/proto\/shop\/v1\/shop\.ts';$/m);
    assert.match(main, /createClient\(ShopClient, \{ address: config\.shopServerAddress, metrics \}\)/);
  });
  test('spreads its calls over the pods of what has a name for them', async () => {
    const headless = goldenService('grpc').replaceAll(
      'kind: Service',
      "kind: Service\nmetadata: { annotations: { fathom.internal/headless: 'true' } }",
    );
    await workspace.write({ 'services/shop/server/golden/myns.yaml': headless });
    const manifests = await textOf(plan('x', ['shop/server']), 'services/x/x.jsonnet');
    assert.match(manifests, /^ {4}SHOP_SERVER_ADDRESS: dependency\.podsAddress\(deps\.server, 'grpc'\),$/m);
  });
  test('takes labels for paths, and the same one twice for one', async () => {
    const build = await textOf(
      plan('x', ['//services/redis', 'redis', '//services/redis:redis']),
      'services/x/BUILD.bazel',
    );
    assert.match(build, /^ {4}deps = \["\/\/services\/redis"\],$/m);
  });
  test('gives the service a user in its store', async () => {
    const { files, goldens } = await plan('shop/cart', ['redis']);
    const users = files.find(({ path }) => path === 'services/redis/users.bzl');
    assert.equal(users?.text, 'USERS = {\n    "routeguide": ["get"],\n    "shop-cart": ["incr"],\n}\n');
    assert.equal(users.before, FILES['services/redis/users.bzl']);
    assert.deepEqual(goldens, ['//services/shop/cart', '//services/redis']);
    const manifests = await textOf(plan('shop/cart', ['redis']), 'services/shop/cart/cart.jsonnet');
    assert.match(manifests, /^ {4}REDIS_USERNAME: 'shop-cart',$/m);
    assert.match(manifests, /secretName: dependency\.name\(deps\.redis\) \+ '-shop-cart'/);
  });
  test('names callees apart whose last words are the same', async () => {
    await workspace.write({
      'prod/services.bzl': 'SERVICES = ["//services/bank/server", "//services/shop/server"]\n',
      ...grpcService('bank/server', 'Shop', 'bank'),
    });
    const planned = plan('x', ['bank/server', 'shop/server']);
    assert.match(await textOf(planned, 'services/x/BUILD.bazel'), /"\/\/services\/bank\/server": "bank_server",/);
    assert.match(await textOf(planned, 'services/x/x.jsonnet'), /dependency\.address\(deps\.bank_server, 'grpc'\)/);
    const main = await textOf(planned, 'services/x/main.ts');
    assert.match(main, /^import \{ ShopClient as BankServerClient \} from '\.\.\/\.\.\/proto\/bank\/v1\/bank\.ts';$/m);
    assert.match(main, /^import \{ ShopClient as ShopServerClient \} from '\.\.\/\.\.\/proto\/shop\/v1\/shop\.ts';$/m);
  });
  test('names no environments where all deploy what was built', async () => {
    const all = plan('x', [], { repository: '', environments: { one: 'built', two: 'built' } });
    assert.doesNotMatch(await textOf(all, 'services/x/BUILD.bazel'), /environments/);
    assert.match(await textOf(plan('x'), 'services/x/BUILD.bazel'), /^ {4}environments = \["myns"\],$/m);
  });
  test('names Fathom where it is another workspace', async () => {
    const planned = () => plan('a/b', [], { repository: '@fathom', environments: { myns: 'built' } });
    const build = await textOf(planned(), 'services/a/b/BUILD.bazel');
    assert.match(build, /^load\("@fathom\/\/tools\/k8s:defs\.bzl", "SERVICE_MANIFESTS", "service"\)$/m);
    assert.match(build, /^ {8}"\/\/proto\/a\/b\/v1:b_ts",\n {8}"@fathom\/\/services\/kit",$/m);
    assert.match(
      await textOf(planned(), 'services/a/b/main.ts'),
      /from '\.\.\/\.\.\/\.\.\/external\/fathom\/services\/kit\/index\.ts';/,
    );
  });
  test('is in the form of the formatter of the workspace', async () => {
    await workspace.write({ '.prettierrc.json': '{ "semi": false }\n' });
    assert.match(await textOf(plan('x'), 'services/x/x_test.ts'), /^import assert from "node:assert\/strict"$/m);
  });
});

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
      name: 'a store in another workspace',
      deps: ['redis'],
      facts: { repository: '@fathom', environments: { myns: 'built' } },
      code: 'NEW_STORE_ELSEWHERE',
      says: /\/\/services\/redis is a store of another workspace/,
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

function planIn(root: string): Promise<ServicePlan> {
  return planService({
    workspace: root,
    facts: { repository: '', environments: { myns: 'built' } },
    name: 'x',
    deps: [],
    templates: runfile('fathom/tools/new/templates'),
    fathomPackages: runfile('fathom/package.json'),
  });
}
