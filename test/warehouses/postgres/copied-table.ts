import pg from "pg"
import type { Column } from "../../../src/domain/table.ts"
import type { RowBuffer } from "../../../src/replication/values/columns.ts"
import { copyForm, newCopyEncoder } from "../../../src/warehouses/postgres/copy/copy-encoder.ts"
import { quoteIdentifier } from "../../../src/warehouses/postgres/quoting.ts"
import { canonicalText, textSettings } from "../../../src/warehouses/postgres/types/canonical.ts"
import { nativeType } from "../../../src/warehouses/postgres/types/native-type.ts"

/** A session as the warehouse opens them. */
export async function session(url: string): Promise<pg.Client> {
  const settings = Object.entries({ ...textSettings, search_path: "pg_catalog,pg_temp" })
  const options = settings.map(([name, value]) => `-c ${name}=${value}`).join(" ")
  const client = new pg.Client({ connectionString: url, options })
  await client.connect()
  return client
}

/** Makes table `name` and loads the buffers, one after another, by one COPY. */
export async function copied(
  client: pg.Client,
  name: string,
  columns: readonly Column[],
  buffers: readonly RowBuffer[],
): Promise<void> {
  const list = columns.map((column) => `${quoteIdentifier(column.name)} ${nativeType(column)}`)
  await client.query(
    `DROP TABLE IF EXISTS public.${name}; CREATE TABLE public.${name} (place serial, ${list.join(", ")})`,
  )
  const { format, header, trailer } = copyForm(columns)
  const names = columns.map((column) => quoteIdentifier(column.name)).join(", ")
  const encoder = newCopyEncoder(columns)
  const chunks = [header, ...buffers.map((rows) => encoder.encode(rows)), trailer]
  await copyIn(client, `COPY public.${name} (${names}) FROM STDIN (FORMAT ${format})`, chunks)
}

/** The canonical texts of the table's rows, in the order they came in. */
export async function canonicalRows(
  client: pg.Client,
  name: string,
  columns: readonly Column[],
): Promise<(string | null)[][]> {
  const texts = columns.map((column, index) => `${canonicalText(column)} AS t${index}`)
  const found = await client.query<(string | null)[]>({
    text: `SELECT ${texts.join(", ")} FROM public.${name} ORDER BY place`,
    rowMode: "array",
  })
  return found.rows
}

interface CopyConnection {
  query(text: string): void
  sendCopyFromChunk(chunk: Buffer): void
  endCopyFrom(): void
}

function copyIn(client: pg.Client, sql: string, chunks: readonly Buffer[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const copy = {
    submit: (connection: CopyConnection) => connection.query(sql),
    handleCopyInResponse(connection: CopyConnection) {
      for (const chunk of chunks) if (chunk.length > 0) connection.sendCopyFromChunk(chunk)
      connection.endCopyFrom()
    },
    handleCommandComplete: () => undefined,
    handleError: reject,
    handleReadyForQuery: () => resolve(),
  }
  client.query(copy as unknown as pg.Submittable)
  return promise
}
