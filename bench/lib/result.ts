// What a benchmark has found, as it is kept in bench/results/<name>.json and shown in bench/README.md.

/** One run of a comparison: both sides, one after the other, on the same machine and inputs. */
export interface Pair {
  readonly ours: number;
  readonly peer: number;
}

/** How many times as much the peer takes as we do: the median over all pairs, and the interval it can be trusted to. */
export interface Ratio {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** The probability that the true median lies in the interval. */
  readonly confidence: number;
}

export const UNITS = ['s', 'bytes', 'MB', 'count'] as const;

/** What is measured: seconds, bytes, or anything of which less is better. */
export type Unit = (typeof UNITS)[number];

/** Something that we and a peer have both done. */
export interface Comparison {
  /** What was done: `no-op of 50 services`. */
  readonly name: string;
  /** Who else did it, with the version: `kubectl 1.34.4 --server-side`. */
  readonly peer: string;
  readonly unit: Unit;
  readonly pairs: readonly Pair[];
  readonly ratio: Ratio;
  /** The ratio to reach; it is reached when the worse end of the interval does. Default: none. */
  readonly aim?: number;
  /** What a reader must know to read it rightly. Default: nothing. */
  readonly note?: string;
}

/** Something that we alone have done. */
export interface Measurement {
  readonly name: string;
  readonly unit: Unit;
  readonly values: readonly number[];
  readonly median: number;
  /** The value not to be exceeded by the worse end of the median's interval. Default: none. */
  readonly aim?: number;
  readonly note?: string;
}

/** A run of a benchmark. */
export interface BenchResult {
  readonly benchmark: string;
  readonly machine: {
    readonly cpus: number;
    /** The processors' name. Undefined: the result is older than this field. */
    readonly cpu?: string;
    readonly memoryBytes: number;
    readonly kernel: string;
  };
  /** Programs that took part: `{ node: 'v26.10.0' }`. */
  readonly versions: Readonly<Record<string, string>>;
  /** Of the checkout; with `+` where it had changes of its own. */
  readonly commit: string;
  readonly comparisons: readonly Comparison[];
  readonly measurements: readonly Measurement[];
}
