import type { Position } from "../../domain/position.ts"
import type { PipelineOwner } from "../../replication/contracts/warehouse.ts"
import type { Staging } from "./staging.ts"
import { type DatabaseState, ownedBy } from "./state.ts"
import type { MemoryStore } from "./store.ts"

/** What the parts of an open destination share. */
export interface OpenDestination extends PipelineOwner {
  store: MemoryStore
  database: string
  staging: Staging
  /** Of copies that are to keep versions, by table id: as of when their rows are. */
  copiedAsOf: Map<string, Date>
  /** Where this opening has brought the position; `undefined`: not known yet. */
  left: Position | undefined
}

/** A transaction of the owner. Throws TakenOver where a newer one is known. */
export function commit(
  { store, database, pipeline, generation }: OpenDestination,
  change: (state: DatabaseState) => DatabaseState,
): void {
  store.commit(database, (state) => change(ownedBy(state, { pipeline, generation })))
}
