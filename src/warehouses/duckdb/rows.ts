import type { TableSchema } from "../../domain/table.ts"
import { keepersOf } from "../../replication/batch/held.ts"
import { alterationsOf } from "../../replication/batch/moves.ts"
import { type Holdings, planBatch, touchesCatalog } from "../../replication/batch/plan.ts"
import type { RowKey } from "../../replication/contracts/comparison.ts"
import { commitColumns } from "../../replication/contracts/versions.ts"
import {
  type Batch,
  changeColumns,
  type DestinationRows,
  type StagedPart,
} from "../../replication/contracts/warehouse.ts"
import { holdingsOf } from "../sql/open.ts"
import { partsOf } from "../sql/parts.ts"
import { newStreamedRowMemoryGuard } from "./guards/streamed-row-memory-guard.ts"
import { deleteByKeys } from "./inspection/canonical.ts"
import { liveTable, place } from "./naming.ts"
import { type OpenDestination, orProblem, runPlan } from "./open-destination.ts"
import { quoteIdentifier } from "./quoting.ts"
import { fillsOf } from "./render/fills.ts"
import { mendVersions } from "./render/versioned-tables.ts"
import { readStaged } from "./staging/staging.ts"

const nothingHeld: Holdings = { held: [], versions: [], placeOf: place }

/** Rows come as Parquet files; a batch is one transaction over all of them. */
export function destinationRows(open: OpenDestination): DestinationRows {
  const { instance, connection, database, staging, transaction, inTurn } = open
  const tails = newStreamedRowMemoryGuard(connection, database, instance.memoryLimitBytes)
  const namesOf = ({ columns }: TableSchema) => columns.map(({ name }) => name)
  return {
    stage: (table, changes) => staging.keep([...namesOf(table), ...changeColumns], changes),
    stageCommits: (commits) => staging.write(commitColumns, commits),
    stageRows: (table, rows) => staging.write(namesOf(table), rows),
    async apply(batch) {
      await inTurn(async () => {
        await orProblem("looking at the size of rows", () => tails.admit(batch))
        await applyBatch(open, batch)
        open.left = batch.position ?? open.left
      })
      await staging.remove(partsOf(batch))
    },
    async mend(table, keys, parts) {
      await transaction(await mendStatements(open, table, keys, parts), "mending rows")
      await staging.remove(parts)
    },
  }
}

async function applyBatch(open: OpenDestination, batch: Batch): Promise<void> {
  const { connection, books, pipeline, left: expected, copiedAsOf } = open
  const holdings = touchesCatalog(batch) ? await holdingsOf(books, { place, orProblem }) : nothingHeld
  const fills = await orProblem("reading new columns", () => fillsOf(connection, alterationsOf(batch)))
  const steps = planBatch({ pipeline, batch, ...holdings, expected, copiedAsOf })
  await runPlan(open, steps, "applying changes", fills)
}

async function mendStatements(
  { database, pipeline, books }: OpenDestination,
  table: TableSchema,
  keys: readonly RowKey[],
  parts: readonly StagedPart[],
): Promise<string[]> {
  const live = liveTable(database, table)
  const keeps = keepersOf(pipeline, await orProblem("reading the tables", () => books.versions()))
  if (keeps.has(table.id)) return mendVersions(live, table, keys, parts)
  const columns = table.columns.map(({ name }) => quoteIdentifier(name)).join(", ")
  const insert = `INSERT INTO ${live} (${columns}) SELECT ${columns} FROM ${readStaged(parts)}`
  return [deleteByKeys(live, table, keys), ...(parts.length === 0 ? [] : [insert])]
}
