import type { TableSchema } from "../../domain/table.ts"
import { keepersOf } from "../../replication/batch/held.ts"
import { type Holdings, planBatch, touchesCatalog } from "../../replication/batch/plan.ts"
import { refuseArrivalsAtOthers } from "../../replication/batch/room.ts"
import { OversizedTable } from "../../replication/contracts/oversized.ts"
import type { Batch, DestinationRows } from "../../replication/contracts/warehouse.ts"
import { holdingsOf } from "../sql/open.ts"
import { partsOf } from "../sql/parts.ts"
import { standing } from "./catalog.ts"
import { orProblem, unsentRefusal } from "./errors.ts"
import { place } from "./naming.ts"
import { type OpenDestination, runPlan } from "./open-destination.ts"
import { targetOf } from "./render/apply-sql.ts"
import { mendStatements } from "./render/mend-sql.ts"
import { cutColumns } from "./render/tables.ts"
import { changesOf, commitsOf, newStageTables, type StagedColumn } from "./staging/stage-tables.ts"

const nothingHeld: Holdings = { held: [], versions: [], placeOf: place }

/** Rows wait in the staging bucket; a batch is one transaction over all of them. */
export function destinationRows(open: OpenDestination): DestinationRows {
  const { staging, transactions, inTurn, books, names, pipeline, layoutOf } = open
  const cutOf = (table: TableSchema) => cutColumns(table, layoutOf(table))
  return {
    stage: (table, changes) =>
      holding(table, () => staging.write(typesOf(changesOf(table)), changes, cutOf(table))),
    stageCommits: (commits) => staging.write(typesOf(commitsOf), commits),
    stageRows: (table, rows) =>
      holding(table, () => staging.write(typesOf(table.columns), rows, cutOf(table))),
    async apply(batch) {
      await inTurn(async () => {
        await applyBatch(open, batch)
        open.left = batch.position ?? open.left
      })
      await staging.remove(partsOf(batch))
    },
    async mend(table, keys, parts) {
      const stages = newStageTables()
      const keepers = keepersOf(pipeline, await orProblem("reading the tables", () => books.versions()))
      const mended = { keys, parts, keepsVersions: keepers.has(table.id), at: new Date() }
      const statements = mendStatements(stages, targetOf(names.live(table), table), table, mended)
      await transactions.run({ stages: stages.all, statements }, "mending rows")
      await staging.remove(parts)
    },
  }
}

const typesOf = (columns: readonly StagedColumn[]) => columns.map(({ type }) => type)

/** Throws OversizedTable where a value cannot be held. */
async function holding<T>(table: TableSchema, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const refusal = unsentRefusal(error, table.columns)
    throw refusal === undefined ? error : new OversizedTable(table, refusal)
  }
}

async function applyBatch(open: OpenDestination, batch: Batch): Promise<void> {
  const { books, pipeline, left: expected, copiedAsOf, transactions, names } = open
  const isOfCatalog = touchesCatalog(batch)
  const holdings = isOfCatalog ? await holdingsOf(books, { place, orProblem }) : nothingHeld
  if (isOfCatalog)
    await refuseArrivalsAtOthers(pipeline, batch, holdings, (tables) =>
      orProblem("looking for tables", () => standing(transactions, names, tables)),
    )
  const steps = planBatch({ pipeline, batch, ...holdings, expected, copiedAsOf })
  await runPlan(open, steps, "applying changes")
}
