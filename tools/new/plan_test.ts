import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { PlanOptions, ServicePlan } from './plan.ts';
import {
  createTestWorkspace,
  FILES,
  goldenService,
  grpcService,
  planIn,
  type TestWorkspace,
} from './testing/workspace.ts';

let workspace: TestWorkspace;
beforeEach(async () => {
  workspace = await createTestWorkspace();
});
afterEach(() => workspace.remove());

const plan = (name: string, deps?: readonly string[], facts?: PlanOptions['facts']) =>
  planIn(workspace.root, name, deps, facts);

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
        'docs/runbooks/BUILD.bazel',
        'docs/runbooks/shop-cart.md',
        'proto/shop/cart/v1/BUILD.bazel',
        'proto/shop/cart/v1/cart.proto',
        'services/shop/cart/BUILD.bazel',
        'services/shop/cart/cart.jsonnet',
        'services/shop/cart/cart.ts',
        'services/shop/cart/cart_test.ts',
        'services/shop/cart/main.ts',
        'services/shop/cart/metrics.txt',
        'services/shop/cart/metrics_test.ts',
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
  test('loads each rule that its BUILD files have, as no Bazel has all of them built in', async () => {
    for (const { path, text } of (await plan('shop/cart')).files.filter((file) => file.path.endsWith('BUILD.bazel'))) {
      const loaded = [...text.matchAll(/^load\("[^"]+", (.*)\)$/gm)].flatMap(([, names = '']) => names.split(', '));
      const called = [...text.matchAll(/^(\w+)\($/gm)].map(([, rule = '']) => rule);
      assert.deepEqual(
        called.filter((rule) => rule !== 'exports_files' && !loaded.includes(`"${rule}"`)),
        [],
        path,
      );
    }
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
  test('gives what it calls another name in Jsonnet where that is a word of the language', async () => {
    await workspace.write({
      'prod/services.bzl': 'SERVICES = ["//services/shop/import"]\n',
      ...grpcService('shop/import', 'Import', 'import'),
    });
    const planned = plan('x', ['shop/import']);
    assert.match(await textOf(planned, 'services/x/BUILD.bazel'), /"\/\/services\/shop\/import": "import_service"/);
    assert.match(await textOf(planned, 'services/x/x.jsonnet'), /dependency\.address\(deps\.import_service, 'grpc'\)/);
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
    assert.match(
      build,
      /^load\("@fathom\/\/tools\/k8s:defs\.bzl", "MONITORING_MANIFESTS", "SERVICE_MANIFESTS", "service"\)$/m,
    );
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
