// What is copied of a block of code.

/** The code; of a session the commands alone, without their `$ `. */
export function copied(text: string): string {
  if (!text.startsWith('$ ')) return text.trimEnd();
  const commands = text.match(/^\$ (?:.*\\\n)*.*$/gm) ?? [];
  return commands.map((command) => command.slice('$ '.length)).join('\n');
}
