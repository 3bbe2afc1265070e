// Colours of code, found when the site is built: spans with highlight.js' classes, for which style.css has the colours.
import type { HLJSApi, Language } from 'highlight.js';
import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import ini from 'highlight.js/lib/languages/ini';
import json from 'highlight.js/lib/languages/json';
import python from 'highlight.js/lib/languages/python';
import typescript from 'highlight.js/lib/languages/typescript';
import yaml from 'highlight.js/lib/languages/yaml';
import { type Kind, kindsOf } from '../pages/kinds.ts';
import type { Block } from '../pages/page.ts';
import { escapeHtml } from './html.ts';

/** Command lines as pages have them: the program, labels, options, and remarks. highlight.js' bash knows scripts. */
const commands = (api: HLJSApi): Language => ({
  name: 'Commands',
  contains: [
    api.COMMENT(/(?<=^|\s)#/, /$/),
    { scope: 'title', match: /^\s*(?:\.\/fathom|[a-z][\w.-]*)(?=\s|$)/m },
    { scope: 'variable', match: /^[A-Z][A-Z0-9_]*(?==)|\$\{?\w+\}?/m },
    { scope: 'string', match: /'[^'\n]*'|"[^"\n]*"/ },
    { scope: 'symbol', match: /(?<=^|\s)(?:@\w*)?\/\/[\w/.:…-]*/ },
    { scope: 'attr', match: /(?<=\s)--?[a-zA-Z][\w-]*/ },
  ],
});

/** Commands after `$ `, with what they say. */
const session = (): Language => ({
  name: 'Session',
  contains: [{ scope: 'comment', match: /^\$ /m, starts: { end: /(?<!\\)$/m, subLanguage: 'commands' } }],
});

/** Jsonnet, which highlight.js does not know. */
const jsonnet = (api: HLJSApi): Language => ({
  name: 'Jsonnet',
  keywords: {
    keyword: 'assert else error for function if import importstr in local self super tailstrict then',
    literal: 'true false null',
    built_in: 'std',
  },
  contains: [
    { scope: 'string', begin: /\|\|\|/, end: /\|\|\|/ },
    { scope: 'string', begin: /@?'/, end: /'/, contains: [api.BACKSLASH_ESCAPE] },
    { scope: 'string', begin: /@?"/, end: /"/, contains: [api.BACKSLASH_ESCAPE] },
    api.C_LINE_COMMENT_MODE,
    api.C_BLOCK_COMMENT_MODE,
    api.HASH_COMMENT_MODE,
    api.C_NUMBER_MODE,
    { scope: 'attr', match: /[A-Za-z_]\w*(?=\s*\+?:{1,3}(?!:))/ },
  ],
});

const LANGUAGES = { bash, commands, ini, json, jsonnet, python, session, typescript, yaml };
for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);
hljs.registerAliases(['sh', 'shell', 'console'], { languageName: 'commands' });
hljs.registerAliases(['starlark', 'bazel', 'bzl'], { languageName: 'python' });

/** The language of each kind of block that pages have without saying so; others have no colours. */
const OF_KIND: Readonly<Partial<Record<Kind, keyof typeof LANGUAGES>>> = {
  bazelrc: 'commands',
  commands: 'commands',
  json: 'json',
  jsonnet: 'jsonnet',
  starlark: 'python',
  typescript: 'typescript',
  yaml: 'yaml',
};

/** A block's code as HTML. `language` is what its fence says. Throws DOCS_UNKNOWN_BLOCK where nothing tells what it is. */
export function highlight(block: Block, language: string): string {
  if (language === '' && block.text.startsWith('$ ')) return paint(block.text, 'session');
  if (language !== '') return paint(block.text, hljs.getLanguage(language) === undefined ? undefined : language);
  // A block of several kinds has them by paragraphs.
  const kinds = kindsOf(block);
  const one = kinds.every(({ kind }) => kind === kinds[0]?.kind);
  if (one) return paint(block.text, OF_KIND[kinds[0]?.kind ?? 'message']);
  const parts = block.text.split(/(\n\n+)/);
  return parts.map((text) => (text.trim() === '' ? text : highlight({ ...block, text }, ''))).join('');
}

const paint = (code: string, language: string | undefined) =>
  language === undefined ? escapeHtml(code) : hljs.highlight(code, { language }).value;
