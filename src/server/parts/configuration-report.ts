import { stringify } from "yaml"
import { shownConfiguration } from "../../configuration/listing/shown.ts"
import { loadConfiguration, writtenConfiguration } from "../../configuration/load.ts"
import { effectOnReload, reloaded } from "../../configuration/reload/reload.ts"
import type { Configuration } from "../../domain/configuration.ts"
import { plainLine } from "../../domain/text-forms/plain-text.ts"
import type {
  ConfigurationReport,
  ConfigurationSection,
} from "../../front-doors/operations/configuration-operations.ts"
import type { Engines } from "../registries.ts"
import type { Base } from "./base.ts"

/** The configuration file as it is now, as `millrace config show` has it, and what of it the process has not taken over yet. */
export function configurationReport({
  configuration,
  engines,
}: Pick<Base, "configuration" | "engines">): ConfigurationReport {
  const { file } = configuration
  // The demo is given its configuration by the program: a file that may lie here says nothing of it.
  if (file === undefined) return { file: null, ...lines([]), sections: [] }
  const written = writtenConfiguration(file)
  if ("mistakes" in written) return { file, ...lines(written.mistakes), sections: [] }
  const shown = shownConfiguration(written.document, engines) as Record<string, unknown>
  return { file, ...notTaken(configuration, engines), sections: Object.entries(shown).flatMap(sectionsOf) }
}

/** A block whose keys differ in what a reload does is a section for each key. */
function sectionsOf([key, value]: [string, unknown]): ConfigurationSection[] {
  const onReload = effectOnReload(key)
  if (onReload !== "mixed") return [{ key, onReload, yaml: stringify(value).trimEnd() }]
  return Object.entries(value as Record<string, unknown>).flatMap(([name, one]) =>
    sectionsOf([`${key}.${name}`, one]),
  )
}

type NotTaken = Pick<ConfigurationReport, "mistakes" | "reload" | "restart">

function notTaken(running: Configuration, engines: Engines): NotTaken {
  const loaded = loadConfiguration(running.file, process.env, engines)
  if ("mistakes" in loaded) return lines(loaded.mistakes)
  const next = asRunning(loaded.ok, running)
  const { applied, restart } = reloaded(running, next)
  return { mistakes: [], reload: applied, restart }
}

/** With what a process adds to its configuration when it starts: generated users and keys, the command line's format of logs. */
function asRunning(next: Configuration, running: Configuration): Configuration {
  return {
    ...next,
    log: { ...next.log, format: running.log.format },
    credentials: next.credentials.length === 0 ? running.credentials : next.credentials,
    sqlUsers: next.sqlUsers.length === 0 ? running.sqlUsers : next.sqlUsers,
  }
}

function lines(mistakes: string[]): NotTaken {
  return { mistakes: mistakes.map(plainLine), reload: [], restart: [] }
}
