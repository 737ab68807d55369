import type { TableSchema } from "../../domain/table.ts"
import { planAdoption } from "../../replication/batch/plan.ts"
import { droppedInPlaceOf, occupiedByVersions } from "../../replication/batch/room.ts"
import type { TableLoad } from "../../replication/contracts/warehouse.ts"
import { changedRows } from "./changes.ts"
import { commit, type OpenDestination } from "./open-destination.ts"
import { afterSteps } from "./render.ts"
import { copyPlace, emptyTable, holdingsOf, type MemoryTable, newestOwner, placeOf } from "./state.ts"
import { type Row, unpacked } from "./values.ts"
import { changedVersions, microsOfDate } from "./version-changes.ts"

/** A copy of one table in the making stands at a place of its own until it is adopted. */
export async function beginTableLoad(
  open: OpenDestination,
  table: TableSchema,
  since: Date | undefined,
): Promise<TableLoad> {
  const { store, database, pipeline, generation, staging } = open
  const occupants = droppedInPlaceOf(pipeline, table, holdingsOf(store.read(database)))
  if (occupants.some((one) => store.read(database).tables.has(placeOf(one)))) throw occupiedByVersions()
  const place = copyPlace(table)
  const put = (copy: MemoryTable) =>
    commit(open, (state) => ({ ...state, tables: new Map([...state.tables, [place, copy]]) }))
  const change = (next: (copy: MemoryTable) => MemoryTable) => {
    const copy = store.read(database).tables.get(place)
    if (copy === undefined) throw new Error(`the copy of ${placeOf(table)} is gone`)
    put(next(copy))
  }
  put(emptyTable(table, since !== undefined))
  return {
    async write(rows) {
      const came = unpacked(rows)
      change((copy) => withRows(copy, came, since))
    },
    settled: async () => undefined,
    async apply(changes) {
      change(({ contents, ...copy }) => ({
        ...copy,
        contents:
          contents.kind === "rows"
            ? { kind: "rows", rows: changedRows(changes, contents.rows, staging) }
            : { kind: "versions", versions: changedVersions(changes, contents.versions, staging) },
      }))
    },
    async finish() {
      commit(open, (state) => {
        const steps = planAdoption({ pipeline, table, since, at: new Date(), ...holdingsOf(state) })
        return afterSteps(state, steps, staging)
      })
    },
    close: () => undefined,
    async abort() {
      if (newestOwner(store.read(database), pipeline) > generation) return
      commit(open, (state) => ({
        ...state,
        tables: new Map([...state.tables].filter(([other]) => other !== place)),
      }))
    },
  }
}

function withRows(
  { contents, ...copy }: MemoryTable,
  rows: readonly Row[],
  since: Date | undefined,
): MemoryTable {
  if (contents.kind === "rows")
    return { ...copy, contents: { kind: "rows", rows: [...contents.rows, ...rows] } }
  const createdMicros = microsOfDate(since ?? new Date())
  const begun = rows.map((row) => ({ row, createdMicros, deletedMicros: undefined }))
  return { ...copy, contents: { kind: "versions", versions: [...contents.versions, ...begun] } }
}
