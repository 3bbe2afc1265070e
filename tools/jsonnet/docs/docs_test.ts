import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readLibrary } from './functions.ts';
import { type Description, type Parameter, page } from './page.ts';

const LIBRARY = `// What is read
// of Services.
local check(x) = x;

{
  // Returns the name.
  // Never empty.
  name(service):: service.name,

  inner:: {
    // No function of the library.
    below(a):: a,
  },

  // Returns the port.
  port(
    service,
    portName={},
  )::
    1,
}
`;

describe('readLibrary', () => {
  test('finds the functions of the object, with their comments', () =>
    assert.deepEqual(readLibrary('jsonnet/x.libsonnet', LIBRARY), {
      name: 'jsonnet/x.libsonnet',
      doc: 'What is read of Services.',
      functions: [
        { signature: 'name(service)', doc: 'Returns the name. Never empty.' },
        { signature: 'port(service, portName={})', doc: 'Returns the port.' },
      ],
    }));
  test('refuses a function without a comment, by its name', () =>
    assert.throws(() => readLibrary('x.libsonnet', LIBRARY.replace('  // Returns the port.\n', '')), {
      code: 'JSONNET_UNDOCUMENTED',
      message: 'Describing x.libsonnet: port has no comment above it',
    }));
  test('refuses a file without a comment', () =>
    assert.throws(() => readLibrary('x.libsonnet', '{}\n'), { code: 'JSONNET_UNDOCUMENTED' }));
});

describe('page', () => {
  const name: Parameter = { doc: 'The name.', isRequired: true, type: { is: 'a text' } };
  const optional = (defaultText: string, doc: string): Parameter => ({
    doc,
    isRequired: false,
    defaultText,
    type: { is: 'a text' },
  });
  const limits: Parameter = {
    doc: 'Limits.',
    isRequired: false,
    defaultText: 'null',
    type: { is: 'an object', parameters: { memory: name } },
  };
  const description: Description = {
    title: 'The library',
    intro: ['First.'],
    shared: [{ title: 'Names', doc: 'All have them.', parameters: { name, partOf: optional('`name`', 'Part.') } }],
    components: [
      {
        kind: 'web',
        doc: 'A web.',
        notes: ['A note.\n'],
        roles: { deployment: 'always' },
        parameters: { args: optional('[]', 'Arguments.'), limits, name, partOf: optional('""', 'Another.') },
      },
    ],
  };
  const text = page(description, {
    libraries: [readLibrary('x.libsonnet', LIBRARY)],
    update: 'bazel run //x -- --update',
  });

  test('lists what a component has of its own, what is owed first, and links what it shares', () => {
    const section = text.slice(text.indexOf('### web'), text.indexOf('## Parameters'));
    assert.equal(
      section,
      [
        '### web',
        'A web.',
        'What it makes:',
        '- `deployment`: always',
        'Parameters, beside [Names](#names):',
        '- `args`: a text; default: `[]`. Arguments.\n' +
          '- `limits`: an object; default: none. Limits.\n' +
          '  - `memory`: a text; **must be given**. The name.\n' +
          '- `partOf`: a text; default: `""`. Another.',
        'A note.',
        '',
      ].join('\n\n'),
    );
  });
  test('lists shared parameters once', () =>
    assert.match(
      text,
      /### Names\n\nAll have them\.\n\n- `name`: a text; \*\*must be given\*\*\. The name\.\n- `partOf`/,
    ));
  test('lists functions, and says how it is made', () => {
    assert.match(text, /- `port\(service, portName=\{\}\)`: Returns the port\.\n$/);
    assert.match(text, /^# The library\n\n<!-- .*`bazel run \/\/x -- --update`/);
  });
});
