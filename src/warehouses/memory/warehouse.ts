/** A warehouse that holds its tables in memory, row by row and obviously right. README.md says what it is for. */
import { tableKey } from "../../domain/table.ts"
import type { Warehouse } from "../../replication/contracts/warehouse.ts"
import { openDestination } from "./destination.ts"
import { newStaging } from "./staging.ts"
import { currentRows, newestOwner, ownedBy, placeOf } from "./state.ts"
import type { MemoryStore } from "./store.ts"

export function openMemoryWarehouse(store: MemoryStore): Warehouse {
  return {
    async open({ database, pipeline, generation }) {
      store.ensure(database)
      const staging = newStaging()
      const known = { copiedAsOf: new Map(), left: undefined }
      return openDestination({ store, database, pipeline, generation, staging, ...known })
    },
    ensure: async (database) => store.ensure(database),
    async drop(database, by) {
      if (by !== undefined && store.has(database)) store.commit(database, (state) => ownedBy(state, by))
      store.drop(database)
    },
    holds: async (database, pipeline) =>
      store.has(database) && newestOwner(store.read(database), pipeline) > 0,
    async countRows(database, pipeline) {
      const { held, tables } = store.read(database)
      const mine = held.filter((one) => one.pipeline === pipeline)
      return new Map(
        mine.map(({ schema }) => {
          const table = tables.get(placeOf(schema))
          return [tableKey(schema), table === undefined ? 0 : currentRows(table).length]
        }),
      )
    },
  }
}
