// The browser for tests.
export { accessibilityProblems } from './accessibility.ts';
export { startBrowser, type TestBrowser } from './browser.ts';
export type { PageOptions, TestPage } from './page.ts';
export type { Locator, Page } from 'playwright-core';
