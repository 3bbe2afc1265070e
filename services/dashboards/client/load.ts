// Asks the server, and keeps the last answer while the next one is on its way.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ApiProblem } from '../shared/api.ts';

/** What is known of an answer. */
export interface Loaded<T> {
  readonly value?: T;
  readonly error?: string;
  readonly isLoading: boolean;
  /** The path that was answered last; undefined before any was. */
  readonly of?: string;
}

const TIMEOUT_MS = 60_000;

/** The answer of a path. Throws an Error that people can read. */
export async function ask<T>(path: string, signal: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Error('The server of this page can not be reached', { cause: error });
  }
  const body = (await response.json()) as T | ApiProblem;
  if (response.ok) return body as T;
  throw new Error((body as ApiProblem).error);
}

/** The answer of `path`, asked again with each `round`; another path forgets the last answer if `forgets`. */
export function useAnswer<T>(path: string | undefined, round: unknown, key = path): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T> & { readonly key?: string | undefined }>({ isLoading: true });
  const current = useRef(key);
  current.current = key;
  useEffect(() => {
    if (path === undefined) return undefined;
    const ending = new AbortController();
    setLoaded((last) => (last.key === key ? { ...last, isLoading: true } : { isLoading: true, key }));
    ask<T>(path, ending.signal).then(
      (value) => setLoaded({ value, isLoading: false, key, of: path }),
      (error: unknown) => {
        if (ending.signal.aborted) return;
        const text = error instanceof Error ? error.message : String(error);
        setLoaded((last) => ({ ...(last.key === key ? last : {}), error: text, isLoading: false, key, of: path }));
      },
    );
    return () => ending.abort();
  }, [path, round, key]);
  return loaded.key === key ? loaded : { isLoading: true };
}
