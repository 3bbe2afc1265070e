// k8s_manifests_test as Bazel runs it: exit code, text and test XML.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../../../lib/runfiles.ts';

async function run(name: string): Promise<{ readonly code: number; readonly text: string; readonly xml: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'fathom-manifests-'));
  try {
    const xml = join(folder, 'test.xml');
    const [code, text] = await new Promise<[number, string]>((done) => {
      const program = runfile(`fathom/tools/k8s/schema/tests/sample/${name}`);
      execFile(program, { env: { ...process.env, XML_OUTPUT_FILE: xml } }, (error, stdout, stderr) => {
        done([error === null ? 0 : Number(error.code), stdout + stderr]);
      });
    });
    return { code, text, xml: await readFile(xml, 'utf8') };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const SAMPLE = 'tools/k8s/schema/tests/sample';

test('a stack, plain files and custom kinds that are good pass, each object a case', async () => {
  const { code, text, xml } = await run('good_test');
  assert.equal(text, `//${SAMPLE}:good_test: 0 findings in 3 objects of 3 files, checked with Kubernetes 1.34.4\n`);
  assert.equal(code, 0);
  assert.deepEqual(
    [...xml.matchAll(/<testcase name="([^"]*)"/g)].map(([, name]) => name),
    [`${SAMPLE}/web.yaml: Pod web`, `${SAMPLE}/widget.yaml: Widget one`, `${SAMPLE}/plain.yaml: Service web`],
  );
  assert.ok(!xml.includes('<failure'));
});

test('a deep stack with wrong objects fails, and says which and why', async () => {
  const { code, text, xml } = await run('broken_test');
  assert.equal(code, 1);
  const lines = text.split('\n').filter((line) => line.startsWith('error: '));
  assert.deepEqual(
    lines.map((line) => line.split(': ').slice(1, 5).join(' | ')),
    [
      `MANIFEST_WRONG_TYPE | ${SAMPLE}/broken.yaml | ConfigMap level | data.level`,
      `MANIFEST_API_DEPRECATED | ${SAMPLE}/broken.yaml | DeviceClass old | apiVersion`,
      `MANIFEST_UNKNOWN_KIND | ${SAMPLE}/widget.yaml | Widget one | kind`,
    ],
  );
  assert.match(text, /3 findings in 4 objects of 3 files/);
  assert.equal([...xml.matchAll(/<failure /g)].length, 3);
  assert.ok(!/\bat .*\.(mjs|ts):\d+/.test(text + xml), 'there is a stack trace');
});
