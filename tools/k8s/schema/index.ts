// The public list of this folder: checks of manifests as a library.
export { type Catalog, createCatalog } from './catalog.ts';
export { CHECKS, type Check, checkManifests } from './check.ts';
export { createCompile } from './compile.ts';
export type { Finding, FindingCode, Manifest } from './finding.ts';
export { type BuiltInKinds, readBuiltInKinds } from './index_file.ts';
export { type ManifestSource, readManifests } from './read_manifests.ts';
export { type Report, findingText, reportJunit, reportOf, reportText } from './report.ts';
export { WAIVER_ANNOTATION, WAIVER_NAMES } from './waivers.ts';
