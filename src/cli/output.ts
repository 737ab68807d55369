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

/** Unchanged where a program reads it; as `print` on a terminal. */
export function printExactly(text: string): void {
  process.stdout.write(process.stdout.isTTY ? plainText(text) : text)
}

/** On standard error, for what is no answer: as it is. */
export function printAside(text: string): void {
  process.stderr.write(plainText(text))
}

/** A line on standard error that says who speaks. */
export function complain(message: string): void {
  printAside(`millrace: ${message}\n`)
}

/** Begins a screen anew; nothing where standard output is no terminal. */
export function clearScreen(): void {
  if (process.stdout.isTTY) process.stdout.write("\u001b[H\u001b[2J\u001b[3J")
}

/** `| head` has read enough: that is no fault of ours, and needs no words. */
export function endQuietlyWithoutReader(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error
      process.exit(process.exitCode ?? 0)
    })
}
