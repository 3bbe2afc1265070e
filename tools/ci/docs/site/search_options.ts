// How texts are cut into words and weighed: the same when the index is made and when it is asked.
import type { Options } from 'minisearch';

/** One section of a page, as the index keeps it. */
export interface Found {
  readonly id: number;
  readonly title: string;
  readonly page: string;
  readonly url: string;
  readonly text: string;
}

export const SEARCH_OPTIONS: Options<Found> = {
  fields: ['title', 'page', 'text'],
  storeFields: ['title', 'page', 'url', 'text'],
  // Names keep their parts: `k8s_test` is found by itself, by `k8s`, and by `test`.
  tokenize: (text) => {
    const words = text.split(/[^\p{L}\p{N}_]+/u).filter((word) => word !== '');
    return words.flatMap((word) =>
      word.includes('_') ? [word, ...word.split('_').filter((part) => part !== '')] : word,
    );
  },
  searchOptions: {
    prefix: (term) => term.length > 1,
    fuzzy: (term) => (term.length > 4 ? 0.2 : false),
    boost: { title: 4, page: 2 },
    combineWith: 'AND',
  },
};
