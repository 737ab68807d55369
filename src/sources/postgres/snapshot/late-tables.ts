import type { ChangeStream } from "../../../replication/contracts/source.ts"
import { textColumnsOf } from "../../../replication/contracts/text-columns.ts"
import { readStatesNow } from "../catalog/current-tables.ts"
import { type Address, withClient } from "../client.ts"
import { committedPosition } from "../slot/committed-position.ts"
import { lsnOf } from "../slot/position.ts"
import type { PgOutput } from "../stream/pgoutput.ts"
import { openLateSnapshot } from "./open-snapshot.ts"

/** Snapshots of some tables beside whatever feeds the decoder. */
export interface LateTables {
  beside(feed: DecoderFeed): Pick<ChangeStream, "include" | "glimpse" | "followed" | "movesWithDefinitions">
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
}

export function newLateTables({ address, handle, decode }: LateTablesOptions): LateTables {
  let holders = 0
  let isRechecking = false
  const carried = (ids: Iterable<string>) =>
    new Map(
      [...ids].flatMap((id) => decode.carried(id)?.table ?? []).map((table) => [table.schema.id, table]),
    )

  async function holding<T>({ hold }: DecoderFeed, work: () => Promise<T>): Promise<T> {
    hold(++holders > 0)
    try {
      return await work()
    } finally {
      hold(--holders > 0)
    }
  }

  async function recheck(feed: DecoderFeed, ids: readonly string[]): Promise<void> {
    // The stream has not come to where the last look was.
    if (isRechecking) return
    isRechecking = true
    try {
      const before = carried(ids)
      const [states, behind] = await withClient(address, "reading the catalog", async (client) => [
        await readStatesNow(client, ids),
        await committedPosition(client),
      ])
      decode.whenAt(lsnOf(behind), () => {
        isRechecking = false
        decode.settle(before, states)
      })
      feed.ask()
    } catch (error) {
      isRechecking = false
      throw error
    }
  }

  return {
    beside: (feed) => ({
      include: (ids, wantedTexts, prepare) =>
        holding(feed, async () => {
          const late = await openLateSnapshot(address, handle, ids, wantedTexts, "copy")
          for (const table of late.tables) decode.include(table, lsnOf(late.snapshot.position))
          prepare(late.tables.map((table) => table.schema))
          return late.snapshot
        }),
      glimpse: (ids, reached) =>
        holding(feed, async () => {
          const texts = [...carried(ids)].map(([id, { schema }]) => [id, textColumnsOf(schema)] as const)
          const { snapshot } = await openLateSnapshot(address, handle, ids, new Map(texts), "comparison")
          decode.whenAt(lsnOf(snapshot.position), reached)
          feed.ask()
          return snapshot
        }),
      movesWithDefinitions: true,
      followed: { carries: decode.carries, recheck: (ids) => recheck(feed, ids) },
    }),
  }
}
