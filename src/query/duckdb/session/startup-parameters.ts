import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { SessionSettings } from "./settings.ts"

/** `-c name=value` and `--name=value`, as PGOPTIONS has them; a backslash keeps a space in a value. */
function optionsIn(options: string): [string, string][] {
  const words = (options.match(/(?:\\.|[^\s\\])+/g) ?? []).map((word) => word.replace(/\\(.)/g, "$1"))
  const joined = words.flatMap((word, at) => {
    if (word === "-c") return words[at + 1] ?? []
    return word.startsWith("-c") || word.startsWith("--") ? word.slice(2) : []
  })
  return joined.flatMap((one): [string, string][] => {
    const equals = one.indexOf("=")
    return equals < 1 ? [] : [[one.slice(0, equals).replaceAll("-", "_"), one.slice(equals + 1)]]
  })
}

/** Start-up parameters that are settings; a driver's own zone or style must not keep it from connecting. */
export function applyStartupParameters(
  settings: SessionSettings,
  parameters: ReadonlyMap<string, string>,
): void {
  for (const [name, value] of [...parameters, ...optionsIn(parameters.get("options") ?? "")]) {
    const isKnown = settings.get(name) !== undefined
    if (!isKnown || ["user", "database", "options", "replication"].includes(name)) continue
    try {
      settings.set(name, value)
    } catch (error) {
      if (!(error instanceof PgError)) throw error
      // PostgreSQL would convert; we report what really is in force, and the client reads that.
    }
  }
  settings.takeChanged()
}
