import { plainJson, plainText } from "../domain/text-forms/plain-text.ts"

/**
 * The only ways to a terminal, the demo's screen aside (test/structure/terminal.test.ts): what sources, users, tags and messages of servers
 * hold may be printed and never draws, turns or moves anything. Whoever puts such a text into a line of ours passes it through
 * `plainLine` or `plainLines` before, so that it cannot begin a line of its own either.
 */
export function print(text: string): void {
  process.stdout.write(plainText(text))
}

export function printJson(value: unknown): void {
  process.stdout.write(`${plainJson(value)}\n`)
}

/** On standard error, for what is no answer: as it is. */
export function printAside(text: string): void {
  process.stderr.write(plainText(text))
}

/** A line on standard error that says who speaks. */
export function complain(message: string): void {
  printAside(`millrace: ${message}\n`)
}
