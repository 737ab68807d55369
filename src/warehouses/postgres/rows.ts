import type { TableSchema } from "../../domain/table.ts"
import { keepersOf } from "../../replication/batch/held.ts"
import { type Holdings, planBatch, touchesCatalog } from "../../replication/batch/plan.ts"
import { refuseArrivalsAtOthers } from "../../replication/batch/room.ts"
import type { RowKey } from "../../replication/contracts/comparison.ts"
import { OversizedTable } from "../../replication/contracts/oversized.ts"
import type { Batch, DestinationRows, StagedPart } from "../../replication/contracts/warehouse.ts"
import { holdingsOf } from "../sql/open.ts"
import { partsOf } from "../sql/parts.ts"
import { orProblem, unsentRefusal } from "./errors.ts"
import { place } from "./naming.ts"
import { type OpenDestination, runPlan } from "./open-destination.ts"
import { quoteIdentifier } from "./quoting.ts"
import { mendVersions, standing } from "./render/versioned-tables.ts"
import { changesOf, commitsOf, newStageTables, type StageTables } from "./staging/stage-tables.ts"
import { deleteByKeys } from "./types/canonical.ts"

/** Then the pipeline begins anew, after a wait. */
const lockTries = 5

const nothingHeld: Holdings = { held: [], versions: [], placeOf: place }

/** Rows wait as tuples of binary COPY; a batch is one transaction over all of them. */
export function destinationRows(open: OpenDestination): DestinationRows {
  const { staging, transactions, inTurn } = open
  return {
    stage: (table, changes) => holding(table, () => staging.write(changesOf(table), changes)),
    stageCommits: (commits) => staging.write(commitsOf, commits),
    stageRows: (table, rows) => holding(table, () => staging.write(table.columns, rows)),
    async apply(batch) {
      await inTurn(async () => {
        await applyBatch(open, batch)
        open.left = batch.position ?? open.left
      })
      await staging.remove(partsOf(batch))
    },
    async mend(table, keys, parts) {
      const stages = newStageTables()
      const statements = await mendStatements(open, stages, table, { keys, parts })
      await transactions.run({ stages: stages.all, statements }, "mending rows")
      await staging.remove(parts)
    },
  }
}

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
  await runPlan(open, steps, "applying changes", isOfCatalog ? { lockTries } : {})
}

async function mendStatements(
  { names, pipeline, books }: OpenDestination,
  stages: StageTables,
  table: TableSchema,
  mended: { keys: readonly RowKey[]; parts: readonly StagedPart[] },
): Promise<string[]> {
  const live = names.live(table)
  const keeps = keepersOf(pipeline, await orProblem("reading the tables", () => books.versions()))
  if (keeps.has(table.id)) return mendVersions(stages, live, table, mended)
  const columns = table.columns.map(({ name }) => quoteIdentifier(name)).join(", ")
  const deletion = deleteByKeys(live, table, mended.keys)
  if (mended.parts.length === 0) return [deletion]
  return [
    deletion,
    `INSERT INTO ${live} (${columns}) SELECT ${columns} FROM ${stages.rows(table, mended.parts)}`,
  ]
}
