import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { findContract } from './contracts.ts';
import { createTestWorkspace, type TestWorkspace } from './testing/workspace.ts';

let workspace: TestWorkspace;
beforeEach(async () => {
  workspace = await createTestWorkspace();
});
afterEach(() => workspace.remove());

const SHOP = { label: '//proto/shop/v1:shop_ts', module: 'proto/shop/v1/shop', service: 'Shop' };
const BANK = {
  'proto/bank/v1/BUILD.bazel': 'ts_proto_library(\n    name = "bank_ts",\n)\n',
  'proto/bank/v1/bank.proto': 'service Bank {\n}\n',
};
const CALLS_BANK = 'deps = [\n    "//proto/bank/v1:bank_ts",\n    "//proto/shop/v1:shop_ts",\n]\n';

describe('the contract of a service is', () => {
  test('the one that its BUILD file names', async () =>
    assert.deepEqual(await findContract('shop/server', workspace.root), SHOP));
  test('the one with TypeScript, whatever language it is named for', async () => {
    await workspace.write({ 'services/shop/server/BUILD.bazel': 'deps = ["//proto/shop/v1:shop_go"]\n' });
    assert.deepEqual(await findContract('shop/server', workspace.root), SHOP);
  });
  test('the one that its sources serve, where it calls others', async () => {
    await workspace.write({
      ...BANK,
      'services/shop/server/BUILD.bazel': CALLS_BANK,
      'services/shop/server/main.ts': 'createClient(BankClient); implementation(ShopService, handlers);',
      'services/shop/server/server_test.ts': 'grpc.addService(BankService, fake);',
    });
    assert.deepEqual(await findContract('shop/server', workspace.root), SHOP);
  });
});

describe('no contract', () => {
  for (const [what, files, says] of [
    ['where a BUILD file names none', { 'services/shop/server/BUILD.bazel': '' }, /names none$/],
    [
      'where it has no TypeScript',
      { 'proto/shop/v1/BUILD.bazel': 'proto_library(name = "shop_proto")' },
      /names none$/,
    ],
    ['where messages alone are in it', { 'proto/shop/v1/shop.proto': 'message Shop {\n}\n' }, /names none$/],
    [
      'where sources do not tell which it is',
      { ...BANK, 'services/shop/server/BUILD.bazel': CALLS_BANK },
      /names Bank of proto\/bank\/v1\/bank\.proto, Shop of proto\/shop\/v1\/shop\.proto$/,
    ],
  ] as const) {
    test(what, async () => {
      await workspace.write(files);
      await assert.rejects(findContract('shop/server', workspace.root), {
        code: 'NEW_DEPENDENCY_CONTRACT',
        message: says,
        hint: /by hand/,
      });
    });
  }
});
