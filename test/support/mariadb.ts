import { existsSync } from "node:fs"
import { after } from "node:test"
import { type MariaDb, mariaDbProgram, startMariaDb } from "./mariadb-server.ts"

export type { MariaDb } from "./mariadb-server.ts"

const cleanUps: (() => Promise<void>)[] = []

after(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

/** Why there can be no server here: pass it to `skip`. */
export function noMariaDb(): string | undefined {
  return existsSync(mariaDbProgram) ? undefined : `no ${mariaDbProgram}: apt-get install mariadb-server`
}

/** A server of the test's own; gone when the test file ends. */
export async function mariaDb(settings: Record<string, string> = {}): Promise<MariaDb> {
  const server = await startMariaDb(settings)
  cleanUps.push(server.remove)
  return server
}
