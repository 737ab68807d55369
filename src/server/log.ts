import { pino } from "pino"
import { errorFields, type Log } from "../wire/http/log.ts"

export interface LogOptions {
  level: "debug" | "info" | "warn" | "error" | "silent"
  /** A file to append to; standard error without. */
  file?: string
}

/** JSON lines. Whoever logs passes names, counts and reasons, never secrets or row values; known secret names are cut all the same. */
export function newLog(options: LogOptions): Log {
  const destination =
    options.file === undefined
      ? pino.destination(2)
      : pino.destination({ dest: options.file, mkdir: true, mode: 0o600 })
  const secretNames = ["password", "secretAccessKey", "authorization", "url", "connectionString"]
  return pino(
    {
      level: options.level,
      base: null,
      // Drivers hang rows, statements and connections on their errors.
      serializers: { err: (error: unknown) => errorFields(error).error },
      redact: secretNames.flatMap((name) => [name, `*.${name}`]),
    },
    destination,
  )
}
