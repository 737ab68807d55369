import { pino } from "pino"
import type { LogConfiguration } from "../../domain/configuration.ts"
import { cut, plainLine, plainText } from "../../domain/text-forms/plain-text.ts"
import { errorFields, type Log } from "../../wire/http/log.ts"
import { readableLine } from "./readable-line.ts"

export interface LogOptions extends Partial<LogConfiguration> {
  /** A file to append to; standard error without. */
  file?: string
}

/** JSON lines, or lines for people, with times in UTC and levels by name. Whoever logs passes names, counts and reasons, never secrets or row values; known secret names are cut all the same. */
export function newLog({ level = "info", format = "json", file }: LogOptions = {}): Log {
  const destination =
    file === undefined ? pino.destination(2) : pino.destination({ dest: file, mkdir: true, mode: 0o600 })
  const secretNames = ["password", "secretAccessKey", "authorization", "url", "connectionString"]
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (name) => ({ level: name }) },
      // Drivers hang rows, statements and connections on their errors.
      serializers: { err: (error: unknown) => printable(errorFields(error).error, 0) },
      hooks: {
        logMethod(args, method) {
          method.apply(this, args.map((one: unknown) => printable(one, 0)) as typeof args)
        },
      },
      redact: secretNames.flatMap((name) => [name, `*.${name}`]),
    },
    format === "json" ? destination : { write: (line) => destination.write(`${readableLine(line)}\n`) },
  )
}

const textAtMost = 4_000
const depthAtMost = 6
/** Have lines of their own, which JSON keeps within one. */
const textsOfLines = new Set(["stack"])

/**
 * What is logged holds names and messages of sources, users and engines: none of their characters may do anything where the log is
 * read, and none may be so long that it drowns the rest. JSON itself escapes only some control characters.
 */
function printable(value: unknown, depth: number, name = ""): unknown {
  if (typeof value === "string")
    return cut(textsOfLines.has(name) ? plainText(value) : plainLine(value), textAtMost)
  if (typeof value !== "object" || value === null || value instanceof Error || value instanceof Date)
    return value
  if (depth >= depthAtMost) return "…"
  if (Array.isArray(value)) return value.map((one) => printable(one, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([member, one]) => [plainLine(member), printable(one, depth + 1, member)]),
  )
}
