import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MODES, bazelThere, chosen } from './plan.ts';

test('says whether WORKSPACE or MODULE.bazel counts, and names no module registry but that of the machine', () => {
  assert.match(bazelThere('workspace', 'build', ['//x']), / build --noenable_bzlmod --enable_workspace .* -- \/\/x /);
  const modules = bazelThere('modules', 'build', ['//x']);
  assert.match(modules, / build --registry=file:\/\/\/var\/lib\/registry /);
  assert.doesNotMatch(modules, /enable_/);
});

test('looks at all targets without what the next versions have no more, and builds none', () => {
  const command = bazelThere('next', 'analyse', ['//...']);
  assert.match(command, / build --nobuild --keep_going .* -- \/\/\.\.\. /);
  assert.match(command, /--incompatible_autoload_externally=\S*-proto_library\b/);
  assert.match(command, /--repo_env=FATHOM_PROTO_RULES=module /);
});

test('has an output base for each mode and workspace', () => {
  const bases = MODES.flatMap((mode) =>
    ['.', 'examples/minimal', 'examples/polyglot'].map((folder) => bazelThere(mode, 'test', [], folder)),
  );
  assert.equal(new Set(bases.map((command) => /--output_base=\S+/.exec(command)?.[0])).size, 6);
});

test('ends the server, and with the status of the command', () => {
  assert.match(
    bazelThere('modules', 'test', ['//x']),
    /\|\| status=\$\?; bazel \S+ shutdown; exit \$\{status:-0\}; \}$/,
  );
});

test('takes all where nothing is chosen, keeps the order, and refuses what is unknown', () => {
  assert.deepEqual(chosen(['a', 'b', 'c'], []), ['a', 'b', 'c']);
  assert.deepEqual(chosen(['a', 'b', 'c'], ['c', 'a']), ['a', 'c']);
  assert.equal(chosen(['a'], ['b']), undefined);
});
