import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listedServices, withService } from './services_list.ts';

const FILE = `"""The services of this repo, SERVICES = ["//no"]."""

# Not these: SERVICES = ["//nor/this"].
SERVICES = [
    "//services/b",
    # What follows is old.
    "//services/d",  # as is what "//services/e" was
]
`;

describe('listedServices', () => {
  test('reads labels, and no strings or comments around them', () =>
    assert.deepEqual(listedServices(FILE), ['//services/b', '//services/d']));
  test('reads an empty list', () => assert.deepEqual(listedServices('SERVICES = []\n'), []));
});

describe('withService', () => {
  const rows = [
    {
      name: 'puts a label first',
      label: '//services/a',
      text: FILE,
      expected: FILE.replace('    "//services/b"', '    "//services/a",\n    "//services/b"'),
    },
    {
      name: 'leaves a comment with the label below it',
      label: '//services/c',
      text: FILE,
      expected: FILE.replace('    # What', '    "//services/c",\n    # What'),
    },
    {
      name: 'puts a label last, after a comment',
      label: '//services/x',
      text: FILE,
      expected: FILE.replace('\n]', '\n    "//services/x",\n]'),
    },
    {
      name: 'keeps a list of one line in one line',
      label: '//services/b',
      text: 'SERVICES = ["//services/a", "//services/c"]\n',
      expected: 'SERVICES = ["//services/a", "//services/b", "//services/c"]\n',
    },
    {
      name: 'puts a label last in one line',
      label: '//services/b',
      text: "SERVICES = ['//services/a']",
      expected: `SERVICES = ['//services/a', "//services/b"]`,
    },
    {
      name: 'fills an empty list',
      label: '//services/a',
      text: 'SERVICES = []\n',
      expected: 'SERVICES = ["//services/a"]\n',
    },
    {
      name: 'fills an empty list of two lines',
      label: '//services/a',
      text: 'SERVICES = [\n]\n',
      expected: 'SERVICES = [\n    "//services/a",\n]\n',
    },
    {
      name: 'adds the comma that a last label lacks',
      label: '//services/b',
      text: 'SERVICES = [\n    "//services/a"  # no, really\n]\n',
      expected: 'SERVICES = [\n    "//services/a",  # no, really\n    "//services/b",\n]\n',
    },
    {
      name: 'goes on in the last line of a list that ends there',
      label: '//services/b',
      text: 'SERVICES = ["//services/a",\n    "//services/a_a"]\n',
      expected: 'SERVICES = ["//services/a",\n    "//services/a_a", "//services/b"]\n',
    },
    {
      name: 'keeps the line ends of the file',
      label: '//services/b',
      text: 'SERVICES = [\r\n    "//services/a",\r\n]\r\n',
      expected: 'SERVICES = [\r\n    "//services/a",\r\n    "//services/b",\r\n]\r\n',
    },
  ];
  for (const { name, label, text, expected } of rows) {
    test(name, () => {
      assert.equal(withService(text, label), expected);
      assert.deepEqual(listedServices(expected).toSorted(), [...listedServices(text), label].toSorted());
    });
  }

  const refused = [
    { name: 'a file without the list', text: 'OTHERS = []\n' },
    { name: 'a list that is added to', text: 'SERVICES = ["//services/a"] + OTHERS\n' },
    { name: 'a list that is added to later', text: 'SERVICES = ["//services/a"]\nSERVICES += OTHERS\n' },
    { name: 'a comprehension', text: 'SERVICES = ["//services/" + name for name in NAMES]\n' },
    { name: 'labels of variables', text: 'SERVICES = [\n    A,\n]\n' },
    { name: 'a list that does not end', text: 'SERVICES = [\n    "//services/a",\n' },
    { name: 'a tuple', text: 'SERVICES = ("//services/a",)\n' },
  ];
  for (const { name, text } of refused) {
    test(`refuses ${name}`, () =>
      assert.throws(() => withService(text, '//services/x'), { code: 'NEW_SERVICES_LIST' }));
  }
});
