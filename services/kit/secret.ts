// Values that must not be printed: passwords, tokens, keys.
import { inspect } from 'node:util';

const HIDDEN = '[secret]';

/** A secret text. Logs, JSON, templates and inspection show `[secret]`; only {@link Secret.reveal} shows what it is. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The text itself, for the one place that needs it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}
