import pg from "pg"

/** A connection that hands every value over as the text it came as. Must be ended. */
export async function connectForText(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client({ ...config, types: { getTypeParser: () => (text: string) => text } })
  // A connection that breaks while idle must not end the program; the next statement on it fails.
  client.on("error", () => undefined)
  await client.connect()
  return client
}
