import type pg from "pg"
import { readCredentials } from "../configuration/secrets/credentials.ts"
import { openPg, type PgOptions } from "../connections/pg-client.ts"
import type { Configuration, SqlUser } from "../domain/configuration.ts"

/** A connection that hands every value over as the text it came as. Must be ended. */
export async function connectForText(options: PgOptions): Promise<pg.Client> {
  return await openPg({ ...options, types: { getTypeParser: () => (text: string) => text } })
}

/** How a client of this machine logs in to the SQL port; `undefined`: there are no credentials yet. */
export async function portClient(
  configuration: Configuration,
  { database, of }: { database: string | undefined; of?: (user: SqlUser) => boolean },
): Promise<PgOptions | undefined> {
  const login = await loginOf(configuration, of ?? (() => true))
  if (login === undefined) return undefined
  const { host, port } = configuration.listen.sql
  return {
    host,
    port,
    ...login,
    database: database ?? "dev",
    // Not the certificate but the password proves the server, bound to this very connection.
    tls: { mode: "require" },
    enableChannelBinding: true,
  }
}

async function loginOf(
  { sqlUsers, dataDir }: Configuration,
  of: (user: SqlUser) => boolean,
): Promise<{ user: string; password: string } | undefined> {
  const user = sqlUsers.find(of)
  if (user !== undefined) return { user: user.name, password: user.password }
  if (sqlUsers.length > 0) return undefined
  const generated = await readCredentials(dataDir)
  return generated && { user: generated.sqlUser, password: generated.sqlPassword }
}
