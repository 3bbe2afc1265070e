// What the images' documents say that oci_image_test does not ask: stamps, layers, what a base is made to lose.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runfile } from '../external/fathom/tools/lib/runfiles.ts';

interface Config {
  readonly created: string;
  readonly config: Readonly<Record<string, unknown>> & { readonly Env: readonly string[] };
  readonly history: readonly { readonly created_by: string }[];
}

/** A document of an image, by the end of its name. */
function document(variable: string, end: string): string {
  const paths = (process.env[variable] ?? '').split(' ');
  const path = paths.find((name) => name.endsWith(end)) ?? assert.fail(`${end} is not in ${paths.join(' ')}`);
  // Before it was absolute, it was a path below the outputs.
  if (path.startsWith('/')) return readFileSync(path, 'utf8');
  return readFileSync(runfile(`shop/${path.replace(/^bazel-out\/[^/]*\/bin\//, '')}`), 'utf8');
}

const config = (variable: string) => JSON.parse(document(variable, '.config.json')) as Config;

test('a stamped image has values of the workspace status, and the time that it was given', () => {
  const { created, config: settings } = config('REPORT');
  const builder = settings.Env.find((line) => line.startsWith('BUILT_BY='))?.slice('BUILT_BY='.length) ?? '';
  assert.match(builder, /^[^{}]+$/);
  assert.equal((settings['Labels'] as Record<string, string>)['com.example.built-by'], builder);
  assert.equal(created, '2023-11-14T22:13:20Z');
});

test('an empty entrypoint and no command take away those of the base, and nothing else', () => {
  const { Entrypoint, Cmd, ...bare } = config('BARE').config;
  assert.deepEqual([Entrypoint, Cmd], [undefined, undefined]);
  const { Entrypoint: _entrypoint, Cmd: _cmd, ...base } = config('REPORT').config;
  assert.deepEqual(bare, base);
});

test('a volume is one', () => {
  assert.deepEqual(config('REPORT').config['Volumes'], { '/var/report': {} });
});

test('what gzip was asked for is gzip', () => {
  const { layers } = JSON.parse(document('REPORT', '.manifest.json')) as { layers: { mediaType: string }[] };
  assert.match(layers.at(-1)?.mediaType ?? '', /tar\+gzip$/);
});

test('node, the package with a layer of its own, the other packages and the program are a layer each', () => {
  const layers = config('SERVER').history.map(({ created_by }) => created_by);
  assert.deepEqual(layers.slice(-4), [
    '//tools/nodejs:runtime',
    '//server:image__npm',
    '//server:image__layer0',
    '//server:image__app',
  ]);
});

test('the files by the names of rules_docker are there', () => {
  const digest = readFileSync(runfile(`shop/${process.env['BARE_DIGEST']}`), 'utf8');
  assert.match(digest, /^sha256:[0-9a-f]{64}\n$/);
  const names = execFileSync('tar', ['-tf', runfile(`shop/${process.env['REPORT_TAR']}`)], { encoding: 'utf8' });
  assert.match(names, /^oci-layout$/m);
});
