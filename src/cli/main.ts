import { SetupError } from "../configuration/setup-error.ts"
import { plainLine } from "../domain/text-forms/plain-text.ts"
import { type Command, commands } from "./commands.ts"
import { type Parsed, parseFlags } from "./flags.ts"
import type { ExitCode } from "./operate.ts"
import { complain, endQuietlyWithoutReader, print, printAside } from "./output.ts"
import { usage, usageOf } from "./usage.ts"
import { version } from "./version.ts"

async function main(args: string[]): Promise<ExitCode> {
  let parsed: Parsed
  try {
    parsed = parseFlags(args)
  } catch (error) {
    return wrongUsage((error as Error).message)
  }
  if (parsed.values.version === true) return shown(`${version()}\n`)
  const [name = "", ...words] = parsed.positionals
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (parsed.values.help === true && name === "") return shown(usage())
  if (command === undefined) return wrongUsage(name === "" ? undefined : `There is no command ${name}.`)
  if (parsed.values.help === true) return shown(usageOf(name, command))
  const stray = strayFlag(parsed, command)
  if (stray !== undefined) return wrongUsage(`${name} has no option --${stray}.`, name)
  const mistake = wrongWords(command.words, words.length)
  if (mistake !== undefined) return wrongUsage(`${name} takes ${mistake}.`, name)
  return await command.run(parsed)
}

function strayFlag({ values }: Parsed, command: Command): string | undefined {
  return Object.keys(values).find((flag) => !command.flags.some((known) => known === flag))
}

/** What the command takes; `undefined`: it has that. */
function wrongWords(taken: Command["words"], given: number): string | undefined {
  if (taken === 0) return given === 0 ? undefined : "no words"
  if ("optional" in taken) return given <= 1 ? undefined : `one ${taken.optional}`
  if ("one" in taken) return given === 1 ? undefined : `one ${taken.one}`
  return given === 2 ? undefined : taken.two
}

function shown(text: string): ExitCode {
  print(text)
  return 0
}

/** With the usage of the command, if there is one. */
function wrongUsage(mistake: string | undefined, name?: string): ExitCode {
  if (mistake !== undefined) complain(plainLine(mistake))
  const command = name === undefined ? undefined : commands[name]
  printAside(name === undefined || command === undefined ? usage() : usageOf(name, command))
  return 2
}

endQuietlyWithoutReader()
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const text =
    error instanceof SetupError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error)
  complain(text)
  process.exitCode = 1
}
