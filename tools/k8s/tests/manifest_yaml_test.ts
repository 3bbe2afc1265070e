// Manifests are read as what they are: by this toolkit, and by kubectl, which reads YAML as Argo CD and Flux do.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { manifestYaml, manifestsYaml } from '../model/manifest_yaml.ts';
import { type ApiServer, kubectl, startApiServer } from '../testing/apiserver.ts';
import { configMap } from '../testing/objects.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());

// What one reader or another takes for something else than a text, unless it is quoted.
const TEXTS = [
  ...['yes', 'No', 'y', 'N', 'on', 'OFF', 'true', 'False', 'null', 'NULL', '~', '', ' ', '<<', '=', '-', '---', '...'],
  ...[
    '0o14',
    '014',
    '0x1F',
    '0b11',
    '1_000',
    '1e3',
    '1E5',
    '.5',
    '+1',
    '-0',
    '1.',
    '0.0',
    '007',
    '.inf',
    '.NaN',
    '1_0.5',
  ],
  ...['12:30:45', '1:2', '2001-12-14', '2001-12-14T21:59:43Z', 'a: b', '# x', 'x #y', ': x', '? x', '{a}', '[a]', '*a'],
  ...[
    '&a',
    '!a',
    '%a',
    '@a',
    '`a',
    '|',
    '>',
    "it's",
    '"q"',
    'a\\b',
    '\t',
    'tab\tin',
    'é',
    ' lead',
    'trail ',
    'a\nb',
    '\nb',
  ],
  ...['a\n', 'a\n\n', 'a\n---\nb', '  a\n b', 'x'.repeat(200)],
];
const DATA = Object.fromEntries(TEXTS.map((text, index) => [`k${index}`, text]));
const KEYS = Object.fromEntries(['yes', 'no', 'on', 'y', '1', '1_000', '0o14', 'null', '1e3'].map((key) => [key, key]));

test('a text is a text by both schemas of YAML', () => {
  const object = {
    ...configMap('x', 'default', DATA),
    more: { list: TEXTS, keys: KEYS, values: [1, 1.5, true, null] },
  };
  const yaml = manifestYaml(object);
  assert.deepEqual(parse(yaml), object);
  assert.deepEqual(parse(yaml, { version: '1.1' }), object);
});

test('a text is a text to kubectl', async () => {
  const path = join(server.folder, 'manifest.yaml');
  const objects = [configMap('texts', 'default', DATA), configMap('keys', 'default', KEYS)];
  await writeFile(path, manifestsYaml(objects));
  const applied = await kubectl(server, ['apply', '--server-side', '-f', path]);
  assert.equal(applied.code, 0, applied.stderr);
  for (const [name, data] of [
    ['texts', DATA],
    ['keys', KEYS],
  ] as const) {
    const { stdout } = await kubectl(server, ['get', 'configmap', name, '-n', 'default', '-o', 'json']);
    assert.deepEqual(JSON.parse(stdout).data, data);
  }
});
