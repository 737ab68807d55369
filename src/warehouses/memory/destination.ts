import {
  knownPosition,
  planBatch,
  planSnapshotEnd,
  planVersionSwitches,
} from "../../replication/batch/plan.ts"
import type {
  Batch,
  Destination,
  DestinationNotes,
  DestinationRows,
  StagedPart,
} from "../../replication/contracts/warehouse.ts"
import { keptVersions, keyOf, viewOf } from "./inspect.ts"
import { beginTableLoad } from "./load.ts"
import { commit, type OpenDestination } from "./open-destination.ts"
import { afterSteps } from "./render.ts"
import { holdingsOf, type MemoryTable, placeOf, textKey } from "./state.ts"
import type { Row } from "./values.ts"
import { close, microsOfDate } from "./version-changes.ts"

export function openDestination(open: OpenDestination): Destination {
  const { store, database, pipeline, staging, copiedAsOf } = open
  commit(open, (state) => state)
  const mine = () => store.read(database).held.filter((one) => one.pipeline === pipeline)
  return {
    capabilities: { caseSensitiveNames: true },
    rows: destinationRows(open),
    copies: {
      begin(table, since) {
        if (since === undefined) copiedAsOf.delete(table.id)
        else copiedAsOf.set(table.id, since)
        return beginTableLoad(open, table, since)
      },
      async completeSnapshot(kept, position) {
        commit(open, (state) => {
          const holdings = holdingsOf(state)
          const steps = planSnapshotEnd({ ...holdings, pipeline, kept, position, at: new Date() })
          return afterSteps(state, steps, staging)
        })
        open.left = position
      },
    },
    notes: destinationNotes(open),
    inspection: {
      refusal: () => undefined,
      tables: async () =>
        mine()
          .filter(({ stale }) => !stale)
          .map(({ schema }) => schema),
      held: async () => mine().map(({ schema }) => schema),
      view: async () => viewOf(store.read(database), pipeline),
    },
    close: async () => undefined,
  }
}

function destinationNotes(open: OpenDestination): DestinationNotes {
  const { store, database, pipeline, staging } = open
  return {
    async position() {
      const found = store.read(database).positions.get(pipeline)
      open.left ??= found
      return found
    },
    async advance(position) {
      const steps = [
        { kind: "expectPosition", pipeline, position: knownPosition(open.left) },
        { kind: "setPosition", pipeline, position },
      ] as const
      commit(open, (state) => afterSteps(state, steps, staging))
      open.left = position
    },
    async forget() {
      open.left = undefined
      commit(open, (state) => ({
        ...state,
        positions: new Map([...state.positions].filter(([name]) => name !== pipeline)),
      }))
    },
    async textColumns() {
      const notes = [...store.read(database).texts.values()].filter((one) => one.pipeline === pipeline)
      return new Map(notes.map(({ tableId, columns }) => [tableId, columns]))
    },
    async noteTextColumns(tableId, columns) {
      commit(open, (state) => {
        const texts = new Map(state.texts)
        if (columns.length === 0) texts.delete(textKey(pipeline, tableId))
        else texts.set(textKey(pipeline, tableId), { pipeline, tableId, columns })
        return { ...state, texts }
      })
    },
    versions: async () => {
      const state = store.read(database)
      return keptVersions({ ...state, versions: holdingsOf(state).versions }, pipeline)
    },
    async switchVersions(switches, at) {
      commit(open, (state) => {
        const { held, versions } = holdingsOf(state)
        return afterSteps(state, planVersionSwitches(pipeline, switches, { held, versions, at }), staging)
      })
    },
  }
}

function destinationRows(open: OpenDestination): DestinationRows {
  const { staging } = open
  return {
    stage: async (_, rows) => staging.write(rows),
    stageCommits: async (commits) => staging.write(commits),
    stageRows: async (_, rows) => staging.write(rows),
    async apply(batch) {
      applyBatch(open, batch)
      staging.remove(partsOf(batch))
    },
    async mend(table, keys, parts) {
      const wanted = new Set(keys.map((key) => JSON.stringify(key)))
      const isMended = (row: Row) => wanted.has(JSON.stringify(keyOf(table, row)))
      const rows = parts.flatMap(staging.read)
      commit(open, (state) => {
        const live = state.tables.get(placeOf(table))
        if (live === undefined) return state
        return {
          ...state,
          tables: new Map([...state.tables, [placeOf(table), mended(live, isMended, rows)]]),
        }
      })
      staging.remove(parts)
    },
  }
}

function applyBatch(open: OpenDestination, batch: Batch): void {
  const { pipeline, staging, copiedAsOf, left: expected } = open
  commit(open, (state) => {
    const steps = planBatch({ pipeline, batch, ...holdingsOf(state), expected, copiedAsOf })
    return afterSteps(state, steps, staging)
  })
  open.left = batch.position ?? expected
}

function partsOf({ tables }: Batch): StagedPart[] {
  return tables.flatMap(({ parts, alteration, commits }) => [
    ...parts,
    ...(alteration?.fill === undefined ? [] : [alteration.fill]),
    ...(commits === undefined ? [] : [commits]),
  ])
}

/** Where versions are kept, what differed is closed now: the time of the change is unknown. */
function mended(table: MemoryTable, isMended: (row: Row) => boolean, rows: readonly Row[]): MemoryTable {
  const { contents } = table
  if (contents.kind === "rows") {
    const kept = contents.rows.filter((row) => !isMended(row))
    return { ...table, contents: { kind: "rows", rows: [...kept, ...rows] } }
  }
  const now = microsOfDate(new Date())
  const closed = contents.versions.map((version) =>
    version.deletedMicros === undefined && isMended(version.row) ? close(version, now) : version,
  )
  const begun = rows.map((row) => ({ row, createdMicros: now, deletedMicros: undefined }))
  return { ...table, contents: { kind: "versions", versions: [...closed, ...begun] } }
}
