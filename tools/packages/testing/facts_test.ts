import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

interface Fact {
  readonly kind: string;
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly checksum: string;
  readonly architecture: string;
}

const facts: readonly Fact[] = JSON.parse(readFileSync(process.env['FACTS'] ?? '', 'utf8'));

function fact(name: string): Fact {
  const found = facts.filter((one) => one.name === name);
  assert.equal(found.length, 1, `${name} is there once`);
  return found[0] as Fact;
}

test('tells of a Debian package its name, version, hash and architecture', () => {
  const { kind, version, checksum, architecture } = fact('libstdc++6');
  assert.equal(kind, 'deb');
  assert.match(checksum, /^sha256:[0-9a-f]{64}$/);
  assert.match(version, /^\d+\./);
  assert.equal(architecture, 'amd64');
});

test('tells of an npm package its licence as well', () => {
  const { kind, license, version, checksum } = fact('@grpc/grpc-js');
  assert.equal(kind, 'npm');
  assert.equal(license, 'Apache-2.0');
  assert.match(checksum, /^sha512:[0-9a-f]{128}$/);
  assert.match(version, /^\d+\.\d+\.\d+$/);
});

test('tells of a Go program each module in it with its licence, and the version of Go', () => {
  const { kind, version, checksum, license } = fact('github.com/google/go-jsonnet');
  assert.equal(kind, 'golang');
  assert.equal(license, 'Apache-2.0');
  assert.equal(fact('stdlib').license, 'BSD-3-Clause');
  assert.match(checksum, /^h1:[A-Za-z0-9+/]{43}=$/);
  assert.match(version, /^v\d+\./);
  assert.match(fact('stdlib').version, /^1\.\d+/);
});

test('tells of a Maven artifact its licence, and what it needs', () => {
  const { kind, license, version } = fact('net.sourceforge.htmlcleaner:htmlcleaner');
  assert.equal(kind, 'maven');
  assert.match(license, /BSD/);
  assert.equal(version, '2.29');
  assert.match(fact('org.jdom:jdom2').checksum, /^sha256:[0-9a-f]{64}$/);
});

test('tells of a package of PyPI the wheel for the platform, and what it needs', () => {
  const { kind, version } = fact('markdown-it-py');
  assert.equal(kind, 'pypi');
  assert.equal(version, '3.0.0');
  assert.match(fact('mdurl').checksum, /^sha256:[0-9a-f]{64}$/);
  assert.match(fact('msgpack').checksum, /^sha256:[0-9a-f]{64}$/);
});

test('tells of all that a package needs', () => {
  assert.equal(fact('libc6').kind, 'deb');
  assert.equal(fact('@grpc/proto-loader').kind, 'npm');
});

test('knows a hash and a version of every package', () => {
  assert.ok(facts.length > 10);
  for (const { name, version, checksum } of facts) {
    assert.notEqual(version, '', name);
    if (name !== 'stdlib') assert.match(checksum, /^(sha256|sha512|h1):/, name);
  }
});
