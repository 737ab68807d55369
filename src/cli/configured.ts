import { loadConfiguration } from "../configuration/load.ts"
import type { ConfigurationUse } from "../configuration/used-part.ts"
import type { Configuration } from "../domain/configuration.ts"
import { plainLine } from "../domain/text-forms/plain-text.ts"
import { engines } from "../server/registries.ts"
import { complain } from "./output.ts"

/** The configuration, or `undefined` after saying on standard error what is wrong with it: one line per mistake. */
export function configured(
  path: string | undefined,
  use: ConfigurationUse = "run",
): Configuration | undefined {
  const loaded = loadConfiguration(path, process.env, engines, use)
  if ("ok" in loaded) return loaded.ok
  for (const mistake of loaded.mistakes) complain(plainLine(mistake))
  return undefined
}
