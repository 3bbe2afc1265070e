// A headless Chromium that reaches this machine's loopback and nothing else, and ends with its scope.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { runfile } from '../lib/runfiles.ts';
import { openPage, type PageOptions, type TestPage } from './page.ts';

/** How long the browser may take to start, or to end: machines that test are busy. */
const START_TIMEOUT_MS = 60_000;
const END_TIMEOUT_MS = 10_000;

/** A process of its own for graphics, which this machine has none of, fails now and then to hand over a screenshot. */
const NO_GRAPHICS = ['--disable-gpu', '--in-process-gpu'];

/** Names and addresses other than the loopback's are not found, whatever asks for them: pages, or Chromium itself. */
const NO_NETWORK = ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost', '--no-proxy-server'];

export interface TestBrowser extends AsyncDisposable {
  /** Of Chromium: `153.0.8010.0`. */
  readonly version: string;
  /** Opens a page that shares nothing with others: no cookies, no storage, no cache. It is blank. */
  readonly openPage: (options?: PageOptions) => Promise<TestPage>;
}

/**
 * Starts the browser: `await using browser = await startBrowser()`. It closes with its scope, its pages with it.
 * The target that calls needs `//tools/browser` in deps.
 */
export async function startBrowser(): Promise<TestBrowser> {
  const folder = runfile('fathom/tools/browser/chromium');
  const home = await mkdtemp(join(tmpdir(), 'browser-'));
  let browser: Browser;
  try {
    browser = await chromium.launch({
      executablePath: join(folder, 'chromium'),
      headless: true,
      // Bazel's sandbox is around all of it, and tests run as root too, for whom Chromium refuses its own.
      chromiumSandbox: false,
      args: [...NO_NETWORK, ...NO_GRAPHICS, '--font-render-hinting=none', '--force-color-profile=srgb'],
      env: {
        HOME: home,
        XDG_CACHE_HOME: join(home, 'cache'),
        XDG_CONFIG_HOME: join(home, 'config'),
        TMPDIR: tmpdir(),
        TZ: 'UTC',
        LD_LIBRARY_PATH: join(folder, 'lib'),
        FONTCONFIG_FILE: join(folder, 'fonts.conf'),
        // Chromium sets it itself, in a process whose other threads read the environment: one start in some 170 dies of
        // it (seen with 153; setenv and getenv are safe in one thread alone, man 3 setenv). A variable that is there
        // already is set without moving the others.
        VK_ICD_FILENAMES: join(folder, 'vk_swiftshader_icd.json'),
      },
      // Who interrupts a test ends the test; what that started is closed with it.
      handleSIGHUP: false,
      timeout: START_TIMEOUT_MS,
    });
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
  return {
    version: browser.version(),
    openPage: (options = {}) => openPage(browser, options),
    async [Symbol.asyncDispose]() {
      await Promise.race([browser.close(), expired(END_TIMEOUT_MS)]);
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Rejects after a time that does not keep the process alive. */
async function expired(timeoutMs: number): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(new Error(`closing the browser: not within ${timeoutMs} ms`));
    setTimeout(fail, timeoutMs).unref();
  });
}
