import type { TableSchema } from "../../domain/table.ts"
import type { ChangeStream } from "../../replication/source.ts"
import { textColumnsOf } from "../../replication/text-columns.ts"
import type { Address } from "./client.ts"
import { openLateSnapshot } from "./open-snapshot.ts"
import type { PgOutput } from "./pgoutput.ts"
import { lsnOf } from "./position.ts"

/** Snapshots of some tables beside whatever feeds the decoder. */
export interface LateTables {
  beside(feed: DecoderFeed): Pick<ChangeStream, "include" | "glimpse">
}

export interface DecoderFeed {
  /** Nothing is decoded while held. */
  hold(held: boolean): void
  /** Has the server say how far it is. */
  ask(): void
}

export interface LateTablesOptions {
  address: Address
  handle: string
  decode: PgOutput
  /** Those that the stream begins with. */
  tables: readonly TableSchema[]
}

export function newLateTables({ address, handle, decode, tables }: LateTablesOptions): LateTables {
  const texts = new Map(tables.map((schema) => [schema.id, textColumnsOf(schema)]))
  let holders = 0

  async function holding<T>({ hold }: DecoderFeed, work: () => Promise<T>): Promise<T> {
    hold(++holders > 0)
    try {
      return await work()
    } finally {
      hold(--holders > 0)
    }
  }

  return {
    beside: (feed) => ({
      include: (ids, wantedTexts, prepare) =>
        holding(feed, async () => {
          const late = await openLateSnapshot(address, handle, ids, wantedTexts, "copy")
          for (const table of late.tables) {
            decode.include(table, lsnOf(late.snapshot.position))
            texts.set(table.schema.id, textColumnsOf(table.schema))
          }
          prepare(late.tables.map((table) => table.schema))
          return late.snapshot
        }),
      glimpse: (ids, reached) =>
        holding(feed, async () => {
          const { snapshot } = await openLateSnapshot(address, handle, ids, texts, "comparison")
          decode.whenAt(lsnOf(snapshot.position), reached)
          feed.ask()
          return snapshot
        }),
    }),
  }
}
