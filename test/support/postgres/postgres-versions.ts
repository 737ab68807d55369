import { existsSync } from "node:fs"
import { join } from "node:path"
import type { PostgresBinaries } from "../../../src/embedded-postgres/binaries.ts"
import { suiteServers, unpackedRoot } from "../suite-servers.ts"

/** Versions that people run besides the one that npm brings, which the whole suite runs on. */
export const otherVersions = [13, 15, 17] as const
export type PostgresVersion = (typeof otherVersions)[number]

/** The machine's own, or else those that `npm test` has fetched; a text says why there are none. */
export function binariesOfVersion(version: PostgresVersion): PostgresBinaries | string {
  const server = suiteServers[`postgres${version}`]
  const root = existsSync(server.installed) ? "/" : unpackedRoot(server)
  if (root === undefined)
    return `${server.name} of Debian ${server.suite} is not here: npm test fetches it where apt can`
  const postgres = join(root, server.program)
  const initdb = join(postgres, "..", "initdb")
  const environment = root === "/" ? {} : { LOCPATH: join(root, "usr/lib/locale") }
  return { initdb, postgres, localeArguments: ["--locale=C.UTF-8"], environment }
}
