import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillExpression, parseExpression, parseLabelValues } from './expression.ts';

const KNOWN = new Map([
  ['namespace', { isMulti: false }],
  ['pod', { isMulti: true }],
  ['zone', { isMulti: false }],
]);
const TIMES = { __rate_interval: '2m', __range: '3600s', __interval: '30s' };

function filled(text: string, variables: Readonly<Record<string, readonly string[]>>): string {
  const { expression, problems } = parseExpression(text, KNOWN);
  assert.deepEqual(problems, []);
  return fillExpression(expression, { times: TIMES, variables: new Map(Object.entries(variables)) });
}

for (const [text, variables, expected] of [
  ['rate(a[$__rate_interval])', {}, 'rate(a[2m])'],
  ['a{ns="$namespace"}', { namespace: ['shop'] }, 'a{ns="shop"}'],
  ['a{ns="${namespace}-x"}', { namespace: ['shop'] }, 'a{ns="shop-x"}'],
  ['a{pod=~"$pod"}', { pod: ['a', 'b.c'] }, 'a{pod=~"(a|b\\\\.c)"}'],
  ['a{pod=~"$pod"}', {}, 'a{pod=~".*"}'],
  ['a{pod!~"$pod"} offset $__range', { pod: ['a'] }, 'a{pod!~"(a)"} offset 3600s'],
  ['a{zone=~"$zone"}', { zone: ['a', 'b'] }, 'a{zone=~"(a)"}'],
  ["a{ns='$namespace'}", { namespace: [`a'b"c\\`] }, `a{ns='a\\'b"c\\\\'}`],
  ['a{ns="$namespace"}', { namespace: ['x"} or vector(1) or {a="'] }, 'a{ns="x\\"} or vector(1) or {a=\\""}'],
  ['a{pod=~`$pod`}', { pod: ['a.b'] }, 'a{pod=~`(a\\.b)`}'],
  ['label_replace(a, "x", "$1", "y", "(.*)$")', {}, 'label_replace(a, "x", "$1", "y", "(.*)$")'],
  ['a{b="\\"$namespace"}', { namespace: ['n'] }, 'a{b="\\"n"}'],
  [`a # don't $x\n{ns="$namespace"} # can't`, { namespace: ['"} or b'] }, `a # don't $x\n{ns="\\"} or b"} # can't`],
  ['a{ns="#$namespace"}', { namespace: ['n'] }, 'a{ns="#n"}'],
] as const) {
  test(`puts ${JSON.stringify(variables)} into ${text}`, () => assert.equal(filled(text, variables), expected));
}

for (const text of ['a{zone="$zone"}', 'a{zone=~"$zone"}', 'a{zone!="${zone}"}']) {
  test(`asks for nothing where nothing is chosen of one that is always one value: ${text}`, () => {
    for (const variables of [{}, { zone: [] }])
      assert.throws(() => filled(text, variables), {
        name: 'RangeError',
        message: 'There is no value of $zone to ask for',
      });
  });
}

test('lets no value out of backticks', () => {
  assert.throws(() => filled('a{ns=`$namespace`}', { namespace: ['`} or b'] }), RangeError);
});

for (const [text, problem] of [
  ['topk($namespace, a)', /\$namespace outside of quotes/],
  ['a{pod="$pod"}', /\$pod, which may be several values/],
  ['a{pod=~"$node"}', /\$node, and there is no such variable/],
  ['a{pod=~"x', /begins with " and does not end/],
] as const) {
  test(`says what is wrong with ${text}`, () => {
    assert.match(parseExpression(text, KNOWN).problems.join('; '), problem);
  });
}

for (const [query, expected] of [
  ['label_values(up{a="b, c"}, pod)', { selector: 'up{a="b, c"}', label: 'pod' }],
  ['label_values(pod)', { selector: '', label: 'pod' }],
  ['query_result(up)', undefined],
] as const) {
  test(`reads ${query}`, () => assert.deepEqual(parseLabelValues(query), expected));
}
