// Reads Starlark by the parser of Python, of whose syntax Starlark's is a part.
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@lezer/python';
import { ToolError } from '../../../lib/errors.ts';
import { stringValue } from './strings.ts';
import {
  type Argument,
  type Call,
  type Expression,
  type Parameter,
  position,
  type Source,
  type Statement,
} from './syntax.ts';

/** Reads a file. Throws DOCS_SYNTAX with the place of the first error. */
export function parseStarlark(source: Source): readonly Statement[] {
  const { topNode } = parser.parse(source.text);
  topNode.cursor().iterate(({ type, from }) => {
    if (!type.isError) return;
    throw new ToolError('DOCS_SYNTAX', `Reading ${position({ source, from })}: this is no Starlark`, {
      hint: 'Correct it; `bazel run //tools/ci/format` says more of files.',
    });
  });
  return children(topNode).flatMap((node) => (node.name === 'Comment' ? [] : statement(source, node)));
}

function children(node: SyntaxNode): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) found.push(child);
  return found;
}

/** Without brackets, commas, colons and comments. */
const parts = (node: SyntaxNode) =>
  children(node).filter(({ name }) => !/^[()[\]{},:]$/.test(name) && name !== 'Comment');

function statement(source: Source, node: SyntaxNode): Statement {
  const place = { source, from: node.from, to: node.to };
  const nodes = parts(node);
  const [first, operator, right] = nodes;
  const text = (of: SyntaxNode | undefined) => (of === undefined ? '' : source.text.slice(of.from, of.to));
  if (node.name === 'AssignStatement' && nodes.length === 3 && first?.name === 'VariableName' && right !== undefined) {
    if (text(operator) === '=')
      return { ...place, kind: 'assign', name: text(first), value: expression(source, right) };
  }
  if (node.name === 'ExpressionStatement' && first !== undefined) {
    const value = expression(source, first);
    const [label, ...names] = value.kind === 'call' ? value.args : [];
    if (value.kind !== 'call' || value.callee.kind !== 'name' || value.callee.name !== 'load')
      return { ...place, kind: 'expression', value };
    if (label?.value.kind !== 'string') return { ...place, kind: 'other' };
    const loaded = names.flatMap(({ name, value: exported }) =>
      exported.kind === 'string' ? [{ local: name ?? exported.value, exported: exported.value }] : [],
    );
    return { ...place, kind: 'load', label: label.value.value, names: loaded };
  }
  if (node.name === 'FunctionDefinition') {
    const body = node.getChild('Body');
    const parameterList = node.getChild('ParamList');
    if (body === null || parameterList === null) return { ...place, kind: 'other' };
    return {
      ...place,
      kind: 'def',
      name: text(node.getChild('VariableName') ?? undefined),
      parameters: parameters(source, parameterList),
      docstring: docstring(source, parts(body)[0]),
      returns: returned(source, body),
      calls: calls(source, body),
      assignments: assignments(source, body),
    };
  }
  return { ...place, kind: 'other' };
}

function docstring(source: Source, node: SyntaxNode | undefined): string | undefined {
  const value = node?.name === 'ExpressionStatement' ? node.firstChild : null;
  return value?.name === 'String' ? stringValue(source.text.slice(value.from, value.to)) : undefined;
}

function returned(source: Source, body: SyntaxNode): Expression | undefined {
  const [first, second] = parts(body);
  const only = docstring(source, first) === undefined ? first : second;
  const value = only?.name === 'ReturnStatement' ? parts(only)[1] : undefined;
  return value === undefined ? undefined : expression(source, value);
}

/** Splits a list of nodes at its commas. */
function byCommas(node: SyntaxNode): readonly (readonly SyntaxNode[])[] {
  const groups: SyntaxNode[][] = [[]];
  for (const child of children(node)) {
    if (child.name === ',') groups.push([]);
    else if (!/^[()]$|^Comment$/.test(child.name)) groups.at(-1)?.push(child);
  }
  return groups.filter((group) => group.length > 0);
}

function parameters(source: Source, node: SyntaxNode): readonly Parameter[] {
  return byCommas(node).flatMap(([first, ...rest]) => {
    const spread = first?.name === '*' || first?.name === '**' ? first.name : '';
    const name = spread === '' ? first : rest[0];
    if (name === undefined) return [];
    const fallback = spread === '' ? rest[1] : undefined;
    return [
      {
        name: source.text.slice(name.from, name.to),
        spread,
        fallback: fallback === undefined ? undefined : expression(source, fallback),
        from: name.from,
      } as const,
    ];
  });
}

function args(source: Source, node: SyntaxNode): readonly Argument[] {
  return byCommas(node).flatMap((nodes): readonly Argument[] => {
    const [first, second, third] = nodes;
    if (first === undefined) return [];
    if ((first.name === '*' || first.name === '**') && second !== undefined)
      return [{ spread: first.name, value: expression(source, second) }];
    if (second?.name === 'AssignOp' && third !== undefined)
      return [{ name: source.text.slice(first.from, first.to), value: expression(source, third) }];
    // A comprehension without brackets.
    return [{ value: nodes.length === 1 ? expression(source, first) : other(source, node) }];
  });
}

function calls(source: Source, node: SyntaxNode): readonly Call[] {
  const own = node.name === 'CallExpression' ? [expression(source, node)].filter((one) => one.kind === 'call') : [];
  return [...own, ...children(node).flatMap((child) => calls(source, child))];
}

function assignments(source: Source, node: SyntaxNode): readonly { name: string; value: Expression }[] {
  const [target, , value] = node.name === 'AssignStatement' ? parts(node) : [];
  const own =
    target?.name === 'VariableName' && value !== undefined
      ? [{ name: source.text.slice(target.from, target.to), value: expression(source, value) }]
      : [];
  return [...own, ...children(node).flatMap((child) => assignments(source, child))];
}

const other = (source: Source, node: SyntaxNode): Expression => ({
  source,
  from: node.from,
  to: node.to,
  kind: 'other',
  parts: parts(node)
    .filter(({ firstChild, name }) => firstChild !== null || name === 'VariableName')
    .map((child) => expression(source, child)),
});

function comprehension(source: Source, node: SyntaxNode): Expression {
  const nodes = parts(node);
  const [loop, member, test] = ['for', 'in', 'if'].map((word) => nodes.findIndex(({ name }) => name === word));
  const result = nodes.slice(0, loop);
  const names = nodes.slice((loop ?? 0) + 1, member);
  const [iterable, , condition, ...more] = nodes.slice((member ?? 0) + 1);
  const [key, value] = node.name.startsWith('Dictionary') ? result : [undefined, result[0]];
  const isSimple = names.every(({ name }) => name === 'VariableName') && more.length === 0;
  if (value === undefined || iterable === undefined || !isSimple || (condition === undefined) !== (test === -1))
    return other(source, node);
  return {
    source,
    from: node.from,
    to: node.to,
    kind: 'comprehension',
    key: key === undefined ? undefined : expression(source, key),
    value: expression(source, value),
    names: names.map(({ from, to }) => source.text.slice(from, to)),
    iterable: expression(source, iterable),
    condition: condition === undefined ? undefined : expression(source, condition),
  };
}

function expression(source: Source, node: SyntaxNode): Expression {
  const place = { source, from: node.from, to: node.to };
  const text = source.text.slice(node.from, node.to);
  const nodes = parts(node);
  const [first, second, third] = nodes;
  switch (node.name) {
    case 'String':
      return { ...place, kind: 'string', value: stringValue(text) };
    case 'Number':
      return { ...place, kind: 'number', value: Number(text) };
    case 'VariableName':
    case 'Boolean':
    case 'None':
      return { ...place, kind: 'name', name: text };
    case 'ParenthesizedExpression':
      return first === undefined ? other(source, node) : expression(source, first);
    case 'UnaryExpression':
      if (text.startsWith('-') && second?.name === 'Number') return { ...place, kind: 'number', value: Number(text) };
      if (first?.name === 'not' && second !== undefined)
        return { ...place, kind: 'not', operand: expression(source, second) };
      return other(source, node);
    case 'ArrayExpression':
    case 'TupleExpression':
      return { ...place, kind: 'list', items: nodes.map((item) => expression(source, item)) };
    case 'DictionaryExpression': {
      const entries = nodes.map((item) => expression(source, item));
      return {
        ...place,
        kind: 'dict',
        entries: entries.flatMap((key, index) => {
          const value = entries[index + 1];
          return index % 2 === 0 && value !== undefined ? [{ key, value }] : [];
        }),
      };
    }
    case 'ArrayComprehensionExpression':
    case 'DictionaryComprehensionExpression':
      return comprehension(source, node);
    case 'CallExpression': {
      const list = node.getChild('ArgList');
      if (first === undefined || list === null) return other(source, node);
      return { ...place, kind: 'call', callee: expression(source, first), args: args(source, list) };
    }
    case 'MemberExpression': {
      const property = node.getChild('PropertyName');
      if (first === undefined || property === null) return other(source, node);
      const name = source.text.slice(property.from, property.to);
      return { ...place, kind: 'member', object: expression(source, first), name };
    }
    case 'BinaryExpression': {
      if (nodes.length !== 3 || first === undefined || second === undefined || third === undefined)
        return other(source, node);
      const operator = source.text.slice(second.from, second.to);
      return {
        ...place,
        kind: 'binary',
        operator,
        left: expression(source, first),
        right: expression(source, third),
      };
    }
    default:
      return other(source, node);
  }
}
