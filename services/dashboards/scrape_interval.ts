// How often what a dashboard shows is scraped, by which rates are taken over a time in which there are several looks.
import type { KubeObject } from '../../tools/k8s/model/object.ts';

/** How often Prometheus looks by itself, unless somebody says otherwise. */
export const SCRAPE_SECONDS = 30;

/** By this annotation of a dashboard's ConfigMap it is known where that is another time. */
export const SCRAPE_ANNOTATION = 'fathom.internal/scrape-interval';

/** Five minutes after it was last seen Prometheus takes a series for gone: two looks must fit in, as one may fail. */
const LONGEST_SECONDS = 120;

/** What was read: of what is no such time, a sentence. */
export interface ScrapeInterval {
  readonly seconds?: number;
  readonly problem?: string;
}

/** Reads the annotation of a ConfigMap. */
export function readScrapeInterval({ metadata }: KubeObject): ScrapeInterval {
  const text = metadata.annotations?.[SCRAPE_ANNOTATION];
  if (text === undefined) return {};
  const [, minutes = '0', rest = '0'] = /^(?=\d)(?:(\d{1,3})m)?(?:(\d{1,5})s)?$/.exec(text) ?? [];
  const seconds = Number(minutes) * 60 + Number(rest);
  if (seconds >= 1 && seconds <= LONGEST_SECONDS) return { seconds };
  const problem = `The annotation ${SCRAPE_ANNOTATION} must be a time from 1s to 2m, got '${text.slice(0, 40)}'`;
  // What is longer is so all the same.
  return seconds > LONGEST_SECONDS ? { seconds, problem } : { problem };
}

/** The time between two looks that the queries of a dashboard go by. A dashboard's own only makes it longer: not all that it
 * shows need be scraped as often. */
export function scrapeSecondsOf(own: number | undefined, usual = SCRAPE_SECONDS): number {
  return Math.max(own ?? 0, usual);
}
