// The licences that a Debian package's copyright file declares, in Debian's own short names.
// Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/ (DEP-5).

const FORMAT = /^Format:\s*https?:\/\/\S*(copyright-format|dep5)/im;

/**
 * The short names (`GPL-2+`, `Expat`, `LGPL-2.1+ or Apache-2.0`) of the files in a package, each once, sorted. Of a
 * file that is prose, the texts of /usr/share/common-licenses that it refers to. Empty where neither is found.
 */
export function debianLicences(copyright: string): string[] {
  const names = FORMAT.test(copyright) ? declaredLicences(copyright) : commonLicences(copyright);
  return [...new Set(names)].sort();
}

/** The first line of the License field of each paragraph about files; a licence's own paragraph repeats a name. */
function declaredLicences(copyright: string): string[] {
  return copyright.split(/\n\s*\n/).flatMap((paragraph) => {
    const isHeader = FORMAT.test(paragraph);
    if (!/^Files:/im.test(paragraph) && !isHeader) return [];
    const name = /^License:[ \t]*(.*)$/im.exec(paragraph)?.[1]?.trim() ?? '';
    return name === '' ? [] : [name];
  });
}

function commonLicences(copyright: string): string[] {
  return [...copyright.matchAll(/\/usr\/share\/common-licenses\/([A-Za-z][A-Za-z0-9.+-]*[A-Za-z0-9+])/g)].map(
    ([, name]) => name ?? '',
  );
}
