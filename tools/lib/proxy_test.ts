import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkProxy, proxyFor } from './proxy.ts';

const PROXY = 'http://proxy.test:3128/';
const find = (url: string, env: Readonly<Record<string, string>>) =>
  proxyFor(new URL(url), { HTTPS_PROXY: PROXY, ...env });

test('takes the variable of the scheme, in either case, with or without a scheme of its own', () => {
  assert.equal(find('https://a.test', {}), PROXY);
  assert.equal(find('http://a.test', {}), undefined);
  assert.equal(find('http://a.test', { http_proxy: 'other.test:8080' }), 'http://other.test:8080/');
  assert.equal(find('https://a.test', { https_proxy: 'https://u:p@other.test' }), 'https://u:p@other.test/');
});

for (const own of ['127.0.0.1', '127.9.9.9', '[::1]', 'localhost', 'a.localhost', '0.0.0.0']) {
  test(`no proxy leads to this machine as ${own}`, () => assert.equal(find(`https://${own}:6443`, {}), undefined));
}

for (const [list, left, led] of [
  ['*', ['a.test', '10.0.0.1'], []],
  ['a.test', ['a.test', 'b.a.test', 'A.TEST.'], ['aa.test', 'test', '10.0.0.1']],
  ['.a.test', ['b.a.test', 'a.test'], ['ba.test']],
  ['*.a.test b.test', ['b.a.test', 'b.test'], ['c.test']],
  ['a.test:6443', ['a.test:6443'], ['a.test']],
  ['a.test:443', ['a.test'], ['a.test:6443']],
  ['10.0.0.0/8,fd00::/8', ['10.1.2.3', '[fd00::7]'], ['11.0.0.1', '[fe80::1]', 'a.test']],
  ['10.0.0.1, fd00::1', ['10.0.0.1', '[fd00::1]'], ['10.0.0.11', '[fd00::2]']],
  ['10.0.0.1:6443,[fd00::1]:6443', ['10.0.0.1:6443', '[fd00::1]:6443'], ['10.0.0.1', '[fd00::1]']],
  ['10.0.0.0/99,nonsense/8,', [], ['10.0.0.1', 'a.test']],
] as const) {
  test(`NO_PROXY=${list} leaves out ${left.join(', ') || 'nothing'}`, () => {
    for (const host of left) assert.equal(find(`https://${host}`, { NO_PROXY: list }), undefined, host);
    for (const host of led) assert.equal(find(`https://${host}`, { no_proxy: list }), PROXY, host);
  });
}

test('a proxy of another kind is refused where it would be needed, and nowhere else', () => {
  const env = { HTTPS_PROXY: 'socks5://proxy.test:1080', NO_PROXY: 'a.test' };
  assert.throws(() => find('https://b.test', env), { code: 'PROXY_UNSUPPORTED', hint: /NO_PROXY/ });
  assert.equal(find('https://a.test', env), undefined);
  assert.equal(find('https://127.0.0.1', env), undefined);
  assert.equal(checkProxy('no url at all'), undefined);
});
