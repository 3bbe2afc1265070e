import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildArguments, buildEnvironment, type GoBuildParams, programName, vendoredVersion } from './go_build.ts';

const MODULES = [
  '# example.org/plain v1.2.3',
  '## explicit; go 1.24',
  'example.org/plain/pkg',
  '# example.org/moved v0.0.0 => example.org/moved v0.34.4',
  '# example.org/local v0.0.0 => ./local',
].join('\n');

const PARAMS: GoBuildParams = {
  src: 'src',
  sdk: 'sdk',
  binaries: [
    { package: 'example.org/a/cmd/one', output: 'out/one' },
    { package: 'example.org/b/v3', output: 'out/two' },
  ],
  goos: 'linux',
  goarch: 'arm64',
  tags: ['seccomp', 'x'],
  ldflags: ['-X m.v={version:example.org/plain}', '-X m.n={major:example.org/plain}.{minor:example.org/moved}'],
  cgo: false,
};

for (const [path, name] of [
  ['example.org/a/cmd/one', 'one'],
  ['example.org/server/v3', 'server'],
  ['example.org/v3/vault', 'vault'],
  ['.', 'kubernetes'],
] as const) {
  test(`knows that go names the program of ${path} ${name}`, () => {
    assert.equal(programName(path, '// comment\nmodule fathom/third_party/go/kubernetes\n\ngo 1.26\n'), name);
  });
}

test('builds all programs by one command, with the versions that go.mod pins', () => {
  const args = buildArguments(PARAMS, '/out/bin', MODULES);
  assert.deepEqual(args.slice(-4), ['-o', '/out/bin/', 'example.org/a/cmd/one', 'example.org/b/v3']);
  assert.ok(args.includes('-tags=seccomp,x'));
  assert.ok(args.includes('-ldflags=-s -w -buildid= -X m.v=v1.2.3 -X m.n=1.34'));
});

test('takes the version of the module that replaces another', () => {
  assert.equal(vendoredVersion(MODULES, 'example.org/moved'), 'v0.34.4');
});

for (const module of ['example.org/absent', 'example.org/local', 'example.org/plai']) {
  test(`refuses to name a version of ${module}`, () => {
    assert.throws(() => vendoredVersion(MODULES, module), { code: 'GO_MODULE_UNKNOWN', message: /example\.org/ });
  });
}

test('hides the network and the host from go, but the compilers from cgo', () => {
  const places = { goroot: '/go', work: '/w', path: '/usr/bin' };
  const plain = buildEnvironment(PARAMS, places);
  assert.equal(plain['PATH'], '');
  assert.equal(plain['GOPROXY'], 'off');
  assert.equal(plain['GOARCH'], 'arm64');
  assert.equal(buildEnvironment({ ...PARAMS, cgo: true }, places)['PATH'], '/usr/bin');
});
