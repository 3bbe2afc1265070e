// Where samples of a series are missing.

/** A time without samples, in seconds since 1970: the last one before it, and the first one after it. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/** Times between two samples in which there should have been one more. times: in seconds since 1970, in their order. */
export function gapsOf(times: readonly number[], intervalSeconds: number): readonly Gap[] {
  return times.slice(1).flatMap((to, index) => {
    const from = times[index] ?? to;
    // One that came late is none: a scrape begins when the one before it has ended.
    return to - from > 1.5 * intervalSeconds ? [{ from, to }] : [];
  });
}

/** The seconds of a duration as Prometheus writes it: `30s`, `1m30s`. */
export function secondsOf(duration: string): number {
  const [whole, hours = '0', minutes = '0', seconds = '0'] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration) ?? [];
  const found = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  if (whole === undefined || found === 0) throw new Error(`no duration of whole seconds: '${duration}'`);
  return found;
}
