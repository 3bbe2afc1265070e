// Licence names of package registries as SPDX licence expressions.
// https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/
import { createHash } from 'node:crypto';
import parse from 'spdx-expression-parse';
import type { PackageRecord } from '../layer/package_record.ts';

/** A licence that has no SPDX identifier: a reference of the document's own, and the registry's words for it. */
export interface ExtractedLicence {
  readonly licenseId: `LicenseRef-${string}`;
  readonly name: string;
}

export interface LicenceExpression {
  /** An SPDX expression, or NOASSERTION where nothing is known. */
  readonly expression: string;
  /** The references in it. */
  readonly extracted: readonly ExtractedLicence[];
}

/** Debian's short names that differ from SPDX's, in lower case. Versioned GNU licences are computed. */
const DEBIAN_NAMES: Readonly<Record<string, string>> = {
  apache: 'Apache-2.0',
  'apache-2': 'Apache-2.0',
  'apache-2.0': 'Apache-2.0',
  artistic: 'Artistic-1.0-Perl',
  bsd: 'BSD-3-Clause',
  'bsd-2-clause': 'BSD-2-Clause',
  'bsd-3-clause': 'BSD-3-Clause',
  'bsd-4-clause': 'BSD-4-Clause',
  'boost-1.0': 'BSL-1.0',
  cc0: 'CC0-1.0',
  expat: 'MIT',
  'gpl-3+ with gcc exception': 'GPL-3.0-or-later WITH GCC-exception-3.1',
  isc: 'ISC',
  mit: 'MIT',
  openssl: 'OpenSSL',
  'public-domain': 'LicenseRef-public-domain',
  zlib: 'Zlib',
};

/** `GPL-2+`, `LGPL-2.1`, `GFDL-1.3+`: Debian writes the version short and marks later ones with a plus. */
const GNU = /^(GPL|LGPL|AGPL|GFDL)-(\d)(?:\.(\d))?(?:\.0)?(\+?)$/i;

/** What a package declares as an SPDX expression. */
export function licenceExpression({ type, licence }: PackageRecord): LicenceExpression {
  if (licence === undefined) return { expression: 'NOASSERTION', extracted: [] };
  if (type === 'deb') {
    // One name for each group of files: all of them hold, so what is joined by "and" in one is joined with the others.
    const names = licence
      .split('; ')
      .flatMap((name) => (/,| or (?!later)/i.test(name) ? [name] : name.split(/ and /i)));
    const parts = names.map((name) => debianExpression(name.trim()));
    const operands = [...new Set(parts.map(({ expression }) => bracketed(expression, parts.length > 1)))].sort();
    return { expression: operands.join(' AND '), extracted: parts.flatMap(({ extracted }) => extracted) };
  }
  return isExpression(licence) ? { expression: licence, extracted: [] } : reference(licence);
}

/** Whether `text` is an SPDX expression of listed licences. */
export function isExpression(text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

function debianExpression(name: string): LicenceExpression {
  const known = DEBIAN_NAMES[name.toLowerCase()];
  if (known !== undefined) {
    const extracted = known.startsWith('LicenseRef-')
      ? [{ licenseId: known as ExtractedLicence['licenseId'], name }]
      : [];
    return { expression: known, extracted };
  }
  // A comma binds weaker than "and" and "or" in Debian's syntax; such mixtures are kept as they are written.
  for (const [pattern, operator] of [
    [/ or (?!later)/i, ' OR '],
    [/ and /i, ' AND '],
  ] as const) {
    if (name.includes(',') || !pattern.test(name)) continue;
    const parts = name.split(new RegExp(pattern, 'gi')).map((part) => debianExpression(part.trim()));
    return {
      expression: parts.map(({ expression }) => bracketed(expression, true)).join(operator),
      extracted: parts.flatMap(({ extracted }) => extracted),
    };
  }
  const gnu = GNU.exec(name);
  if (gnu !== null) {
    const [, family = '', major = '', minor = '0', plus = ''] = gnu;
    const id = `${family.toUpperCase()}-${major}.${minor}-${plus === '+' ? 'or-later' : 'only'}`;
    if (isExpression(id)) return { expression: id, extracted: [] };
  }
  return isExpression(name) ? { expression: name, extracted: [] } : reference(name);
}

/** Brackets where an operand is an expression of its own. */
function bracketed(expression: string, isOperand: boolean): string {
  return isOperand && / (AND|OR) /.test(expression) ? `(${expression})` : expression;
}

function reference(name: string): LicenceExpression {
  const slug = name.replaceAll(/[^A-Za-z0-9.]+/g, '-').replaceAll(/^-+|-+$/g, '');
  // Two names may have one slug, and a name may have no letter at all.
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  const licenseId: ExtractedLicence['licenseId'] = slug === name ? `LicenseRef-${slug}` : `LicenseRef-${slug}-${hash}`;
  return { expression: licenseId, extracted: [{ licenseId, name }] };
}
