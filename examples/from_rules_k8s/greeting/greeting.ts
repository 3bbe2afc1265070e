// What the shop says to who comes in.

export interface Guest {
  readonly name: string;
}

/** A line for a guest, with one of `words` for the time of day. */
export function greet(guest: Guest, words: readonly string[], hour: number): string {
  const word = words[Math.floor((hour / 24) * words.length)] ?? 'Hello';
  return `${word}, ${guest.name}`;
}
