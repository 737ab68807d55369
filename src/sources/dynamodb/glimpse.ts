import { Problem } from "../../domain/problems.ts"
import { type DigestedSide, digestsOf, type HashedRow } from "../../replication/contracts/comparison.ts"
import { keyOf, rowHash } from "./canonical.ts"
import type { DynamoTable } from "./catalog.ts"
import type { Clients } from "./client.ts"
import type { Item } from "./item-text.ts"
import { tickAt } from "./position.ts"
import { scan } from "./scan.ts"

/** What keys were before the first change that came after the moment of a glimpse, by key's text; `null`: not there. */
export interface Before {
  images: Map<string, Item | null>
  /** A stream that does not tell old images had a change. */
  isUnknown: boolean
}

/** Hashes and keys of all rows are held in memory while two sides are compared. */
const maxRows = 1_000_000

/** Notes a change; only the first of a key counts. */
export function noteBefore(
  before: Before,
  table: DynamoTable,
  key: Item,
  old: Item | undefined,
  tellsOld: boolean,
): void {
  if (!tellsOld) before.isUnknown = true
  const text = JSON.stringify(keyOf(table, key))
  if (!before.images.has(text)) before.images.set(text, old ?? null)
}

/**
 * The rows at one moment of the stream: what a scan begun after it finds, but for keys that changed since, which are
 * as their first change says they were. `passed` resolves when the stream has told everything up to a tick.
 */
export function digestsOfMoment(
  clients: Clients,
  table: DynamoTable,
  before: Before,
  passed: (tick: number) => Promise<void>,
): DigestedSide {
  let found: Promise<HashedRow[]> | undefined
  const all = (signal: AbortSignal) => {
    found ??= rowsOfMoment(clients, table, before, passed, signal)
    return found
  }
  return {
    digests: async (_, digits, signal) => digestsOf(await all(signal), digits),
    rows: async (_, chunks, signal) => {
      const wanted = new Set(chunks)
      const digits = chunks[0]?.length ?? 0
      return (await all(signal)).filter(({ hash }) => wanted.has(hash.slice(0, digits)))
    },
  }
}

async function rowsOfMoment(
  clients: Clients,
  table: DynamoTable,
  before: Before,
  passed: (tick: number) => Promise<void>,
  signal: AbortSignal,
): Promise<HashedRow[]> {
  const rows = new Map<string, HashedRow>()
  const add = (item: Item) => {
    const key = keyOf(table, item)
    rows.set(JSON.stringify(key), { hash: rowHash(table, item), key })
  }
  for await (const items of scan(clients, signal)) {
    for (const item of items) add(item)
    if (rows.size > maxRows)
      throw new Problem(
        "sourceBusy",
        `Tables of more than ${maxRows} items of this source cannot be compared.`,
      )
  }
  await passed(tickAt(Date.now()))
  if (before.isUnknown)
    throw new Problem(
      "sourceBusy",
      "Items were written during the comparison, and the stream tells no old images.",
    )
  for (const [key, old] of before.images) {
    rows.delete(key)
    if (old !== null) add(old)
  }
  return [...rows.values()]
}
