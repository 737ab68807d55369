import pg from "pg"
import { openStore } from "../../../src/state/store.ts"
import { STATE_TEMPLATE_VARIABLE } from "./postgres-variable.ts"

const name = "millrace_state_template"

/** Makes the database that `stateDatabase` copies: making the tables anew takes seven times as long as copying them. */
export async function makeStateTemplate(serverUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl })
  await client.connect()
  try {
    await client.query(`CREATE DATABASE ${name}`)
  } finally {
    await client.end()
  }
  const url = new URL(serverUrl)
  url.pathname = name
  const store = await openStore(url.href)
  await store.close()
  process.env[STATE_TEMPLATE_VARIABLE] = name
}
