import { join } from "node:path"
import { lockDataFolder } from "../../configuration/data-folder.ts"
import type { Configuration } from "../../domain/configuration.ts"
import type { Log } from "../../wire/http/log.ts"
import { guardedPostgres } from "./guarded-postgres.ts"

/** Registers what is done when the process stops; what was registered last is done first. */
export type OnStop = (close: () => Promise<void>) => void

/**
 * Takes the installation in the data folder for this process: the folder's lock, and the state database that lies in it where
 * no other is configured. A parent that gives its installation to processes of its own does this for them.
 *
 * @throws SetupError
 */
export async function holdInstallation(
  { dataDir, stateUrl }: Pick<Configuration, "dataDir" | "stateUrl">,
  log: Log,
  onStop: OnStop,
): Promise<{ stateUrl: string }> {
  const lock = await lockDataFolder(dataDir)
  onStop(() => lock.release())
  if (stateUrl !== undefined) return { stateUrl }
  const embedded = await guardedPostgres(join(dataDir, "state"), log)
  onStop(() => embedded.stop())
  return { stateUrl: embedded.url }
}
