import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { type Settings, ConfigError, readConfig } from './config.ts';
import { Secret } from './secret.ts';
import { address, oneOf, optional, secret, text, wholeNumber } from './settings.ts';

const folder = mkdtempSync('/tmp/kit-config-');
after(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

/** The problems that reading `settings` from `env` has. */
function problems(settings: Settings, env: Record<string, string>): readonly string[] {
  try {
    readConfig(settings, env);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
  return [];
}

describe('readConfig', () => {
  test('reads values, and falls back where a variable is unset or empty', () => {
    const settings = {
      port: wholeNumber('PORT', { min: 0, max: 65_535, fallback: 80 }),
      name: text('NAME', 'nobody'),
      mode: oneOf('MODE', ['fast', 'safe'], 'safe'),
      peer: address('PEER'),
      left: optional(text('LEFT_OUT')),
    };
    const config = readConfig(settings, { PORT: '0', NAME: '', PEER: 'redis.prod.svc:6379' });
    const peer = { host: 'redis.prod.svc', port: 6379 };
    assert.deepEqual(config, { port: 0, name: 'nobody', mode: 'safe', peer, left: undefined });
  });
  test('names every problem at once', () => {
    const settings = { a: address('A'), b: wholeNumber('B', { min: 1, max: 9 }), c: oneOf('C', ['x', 'y']) };
    assert.deepEqual(problems(settings, { B: '10', C: 'z' }), [
      'A must be host:port, and is not set',
      'B must be a whole number from 1 to 9, got "10"',
      'C must be one of x, y, got "z"',
    ]);
  });
});

describe('a setting from a file', () => {
  const settings = { port: wholeNumber('PORT', { min: 0, max: 9, fallback: 1 }), password: secret('PASSWORD') };
  test('is what the file holds, without the line end', () => {
    const env = { PORT_FILE: file('port', '7\n'), PASSWORD_FILE: file('password', ' hunter2 \r\n') };
    const config = readConfig(settings, env);
    assert.equal(config.port, 7);
    assert.equal(config.password.reveal(), ' hunter2 ');
  });
  test('has problems of its own, which repeat nothing of the file', () => {
    const wrong = file('wrong', 'hunter2');
    const missing = join(folder, 'missing');
    assert.deepEqual(problems(settings, { PORT_FILE: wrong, PASSWORD_FILE: missing }), [
      `PORT_FILE: ${wrong} must hold a whole number from 0 to 9`,
      `PASSWORD_FILE: reading ${missing}: ENOENT`,
    ]);
    const large = file('large', 'x'.repeat(1_048_577));
    assert.deepEqual(problems(settings, { PASSWORD_FILE: large }), [
      `PASSWORD_FILE: reading ${large}: it has 1048577 bytes, at most 1048576 are read`,
    ]);
    const empty = file('empty', '\n');
    assert.deepEqual(problems(settings, { PASSWORD_FILE: empty }), [
      `PASSWORD_FILE: ${empty} must hold a text that is not empty`,
    ]);
    assert.deepEqual(problems(settings, { PASSWORD_FILE: folder }), [`PASSWORD_FILE: reading ${folder}: EISDIR`]);
  });
  test('is not given twice', () => {
    const env = { PASSWORD: 'hunter2', PASSWORD_FILE: file('twice', 'hunter2') };
    assert.deepEqual(problems(settings, env), ['PASSWORD and PASSWORD_FILE are both set: unset one of them']);
  });
});

describe('a secret', () => {
  test('is shown nowhere but where it is revealed', () => {
    const { password } = readConfig({ password: secret('PASSWORD') }, { PASSWORD: 'hunter2' });
    const shown = [
      `${password}`,
      JSON.stringify({ password }),
      inspect({ password }),
      String(password),
      `${[password]}`,
    ];
    for (const text of shown) {
      assert.doesNotMatch(text, /hunter2/);
      assert.match(text, /\[secret\]/);
    }
    assert.equal(password.reveal(), 'hunter2');
  });
  test('is not repeated by the problem that it has', () => {
    const picky = { ...secret('PASSWORD'), expected: 'long', parse: () => undefined as Secret | undefined };
    assert.deepEqual(problems({ picky }, { PASSWORD: 'hunter2' }), ['PASSWORD must be long, got something else']);
  });
});
