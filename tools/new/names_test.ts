import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ToolError } from '../lib/errors.ts';
import { camelCase, serviceNames, titleCase } from './names.ts';

describe('serviceNames', () => {
  test('of one word', () =>
    assert.deepEqual(serviceNames('x'), {
      path: 'x',
      name: 'x',
      kubernetesName: 'x',
      domain: 'x',
      protoPath: 'x',
      protoPackage: 'x.v1',
      protoService: 'X',
    }));
  test('of nested folders with words of several parts', () =>
    assert.deepEqual(serviceNames('shop_eu/cart_2/check_out'), {
      path: 'shop_eu/cart_2/check_out',
      name: 'check_out',
      kubernetesName: 'shop-eu-cart-2-check-out',
      domain: 'check_out',
      protoPath: 'shop_eu/cart_2/check_out',
      protoPackage: 'shop_eu.cart_2.check_out.v1',
      protoService: 'CheckOut',
    }));
  test('of a server: contract and logic are called by what it serves', () =>
    assert.deepEqual(serviceNames('shop/server'), {
      path: 'shop/server',
      name: 'server',
      kubernetesName: 'shop-server',
      domain: 'shop',
      protoPath: 'shop',
      protoPackage: 'shop.v1',
      protoService: 'Shop',
    }));
  test('takes the longest name with which the headless Service has 63 letters', () =>
    assert.equal(`${serviceNames('x'.repeat(54)).kubernetesName}-headless`.length, 63));
});

describe('serviceNames refuses', () => {
  const rows = [
    { path: '', says: /small letters/, hint: /--name=shop\/cart\./ },
    { path: 'Shop', says: /'Shop': it must be words of small letters/, hint: /--name=shop\./ },
    { path: 'shop-cart', says: /small letters/, hint: /--name=shop_cart\./ },
    { path: 'shopCart', says: /small letters/, hint: /--name=shop_cart\./ },
    { path: 'services/shop', says: /it is a path below services/, hint: /--name=shop\./ },
    { path: '//services/shop', says: /small letters/, hint: /--name=shop\./ },
    { path: 'shop/', says: /small letters/, hint: /--name=shop\./ },
    { path: '../shop', says: /small letters/, hint: /--name=shop\./ },
    { path: '/tmp/shop', says: /small letters/, hint: /--name=tmp\/shop\./ },
    { path: '2shop', says: /small letters/, hint: /--name=shop\./ },
    { path: 'shop__cart', says: /small letters/, hint: /--name=shop_cart\./ },
    { path: '_', says: /small letters/, hint: /--name=shop\/cart\./ },
    { path: 'größe', says: /small letters/, hint: /--name=gr_e\./ },
    { path: 'shop\n', says: /small letters/, hint: /--name=shop\./ },
    { path: 'shop/main', says: /'main' is what the rules of a service call a target/, hint: /another word for 'main'/ },
    { path: 'image/x', says: /'image' is what the rules/, hint: /'image'/ },
    { path: 'golden_test', says: /'golden_test' is what the rules/, hint: /'golden_test'/ },
    { path: 'shop/myns', says: /'myns' is what an environment is called/, hint: /'myns'/ },
    { path: 'server', says: /'server' is what a part of every service is called/, hint: /--name=shop\/server/ },
    { path: 'shop/store', says: /'store' is what a part/, hint: /--name=shop/ },
    { path: 'shop/metrics', says: /'metrics' is what a part/, hint: /--name=shop/ },
    { path: 'store/server', says: /'store' is what a part/, hint: /--name=shop/ },
    { path: 'greet_request', says: /'greet_request' is what a part/, hint: /--name=shop/ },
    { path: `a/${'x'.repeat(53)}`, says: /has 55 letters, 54 are allowed/, hint: /shorter/ },
  ];
  for (const { path, says, hint } of rows) {
    test(JSON.stringify(path), () =>
      assert.throws(
        () => serviceNames(path, ['myns']),
        (error) => {
          assert.ok(error instanceof ToolError);
          assert.equal(error.code, 'NEW_BAD_NAME');
          assert.match(error.message, says);
          assert.match(error.hint ?? '', hint);
          return true;
        },
      ),
    );
  }
});

test('titleCase and camelCase', () => {
  assert.deepEqual(
    [titleCase('shop_cart'), titleCase('x'), camelCase('ROUTEGUIDE_SERVER'.toLowerCase())],
    ['ShopCart', 'X', 'routeguideServer'],
  );
});
