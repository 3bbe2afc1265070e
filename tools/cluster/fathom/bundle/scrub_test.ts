import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { hideEnvironment, scrub, withoutEnvironment } from './scrub.ts';

const SECRET = 'Xq7-planted.Value_42';
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const body = pem.split('\n').slice(1, -2);

for (const text of [
  `password=${SECRET}`,
  `DB_PASSWORD: ${SECRET}`,
  `"redisPassword":"${SECRET}"`,
  `{\\"token\\":\\"${SECRET}\\"}`,
  `--api-key ${SECRET}`,
  `--auth-token=${SECRET}`,
  `requirepass ${SECRET}`,
  `AWS_SECRET_ACCESS_KEY='${SECRET}'`,
  `https://me:${SECRET}@host/x`,
  `Authorization: Bearer ${SECRET}`,
  `GET /x?access_token=${SECRET}&a=b`,
  `masterauth "${SECRET}"`,
]) {
  test(`takes the value out of ${text.replace(SECRET, '…')}`, () => {
    const scrubbed = scrub(`before ${text} after`);
    assert.ok(!scrubbed.includes(SECRET), scrubbed);
    assert.match(scrubbed, /^before .*\*\*\*/);
  });
}

for (const [what, text] of [
  ['a private key', pem],
  ['a private key in JSON', JSON.stringify({ key: pem })],
  ['a private key in a line of a log', `key: ${pem.replaceAll('\n', '\\n')} end`],
  ['the beginning of a private key', pem.split('\n').slice(0, 2).join('\n')],
  ['the end of a private key', pem.split('\n').slice(1).join('\n')],
] as const) {
  test(`takes out ${what}`, () => {
    const scrubbed = scrub(`first line\n${text}`);
    for (const line of body) assert.ok(!scrubbed.includes(line.slice(0, 32)), scrubbed);
    assert.match(scrubbed, /^first line\n[^]*\*\*\*/);
  });
}

test('takes out encoded keys and tokens of known forms', () => {
  const encoded = Buffer.from(pem).toString('base64');
  const token = [{ alg: 'RS256' }, { sub: 'x' }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  for (const text of [
    encoded,
    `${token.join('.')}.signature`,
    `ghp_${'a1'.repeat(18)}`,
    `AKIA${'A1'.repeat(8)}`,
    `AGE-SECRET-KEY-1${'QZ'.repeat(29)}`,
  ]) {
    assert.equal(scrub(`x ${text} y`), 'x *** y');
  }
});

test('leaves alone what is called like a secret and is none', () => {
  for (const text of [
    'secretName: redis-users',
    '--service-account-signing-key-file=/s/pki/service-account.key',
    'automountServiceAccountToken: false',
    'TokenExpirationSeconds:  3607',
    'password: <set to the key>',
    'Waiting for a token',
    'the secret of it',
    'E1126 04:00:00.000000 1 reflector.go:1] "Failed to watch" err="secrets is forbidden"',
  ]) {
    assert.equal(scrub(text), text);
  }
});

test('hides what the own environment keeps secret, and nothing else of it', () => {
  hideEnvironment({ MY_TOKEN: 'env-value-0815', LANG: 'some-language-9' });
  assert.equal(scrub('env-value-0815 some-language-9'), '*** some-language-9');
});

test('takes the time of its length, not the square of it', () => {
  const long = ['a'.repeat(1 << 20), 'token '.repeat(1 << 17), `${'QUFB'.repeat(1 << 18)}-----END X`].join('\n');
  const startMs = performance.now();
  scrub(long);
  assert.ok(performance.now() - startMs < 5_000);
});

test('keeps the names of environment variables, without their values', () => {
  const described = [
    'Containers:',
    '  main:',
    '    Environment Variables from:',
    '      settings  ConfigMap  Optional: false',
    '    Environment:',
    '      GREETING:    hello world',
    '      LINES:       one',
    'two: three',
    "      REDIS_PASS:  <set to the key 'x' in secret 'redis'>  Optional: false",
    '    Mounts:',
    '      /data from data (rw)',
  ];
  assert.deepEqual(withoutEnvironment(described.join('\n')).split('\n'), [
    'Containers:',
    '  main:',
    '    Environment Variables from:',
    '      ***',
    '    Environment:',
    '      GREETING:    ***',
    '      LINES:       ***',
    'two: three',
    "      REDIS_PASS:  <set to the key 'x' in secret 'redis'>  Optional: false",
    '    Mounts:',
    '      /data from data (rw)',
  ]);
});
