import { type Connection, createConnection } from "mysql2/promise"

export interface Account {
  user: string
  password: string
}

/** Where the demo's server is. */
export interface Address {
  port: number
  account: Account
  database?: string
}

/** Every value as the text that the server prints. Must be ended. */
export async function connect({ port, account, database }: Address): Promise<Connection> {
  const client = await createConnection({
    host: "127.0.0.1",
    port,
    ...account,
    ...(database !== undefined && { database }),
    charset: "utf8mb4",
    rowsAsArray: true,
    typeCast: (field) => field.string(),
  })
  // A broken connection shows in the statement at hand or the next.
  client.on("error", () => undefined)
  await client.query("SET time_zone = '+00:00'")
  await client.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
  return client
}
