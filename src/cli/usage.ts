import { type Command, commands } from "./commands.ts"
import { type Flag, flagLines, flags } from "./flags.ts"

/** Of the program: its commands. */
export function usage(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length))
  const lines = Object.entries(commands).map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}\n`)
  return `usage: millrace COMMAND\n\n${lines.join("")}\n  millrace COMMAND --help says more of each; --version\n`
}

/** Of one command: each way to use it, and its options. */
export function usageOf(name: string, { usages, about, flags: own }: Command): string {
  const lines = usages.map((one, at) => `${at === 0 ? "usage:" : "      "} millrace ${name} ${one}\n`)
  const known = (Object.keys(flags) as Flag[]).filter((flag) => own.includes(flag))
  return `${lines.join("")}\n${about}\n\n${flagLines(known)}`
}
