import type { DuckDBConnection } from "@duckdb/node-api"
import type { Alteration, StagedPart } from "../../../replication/contracts/warehouse.ts"
import { quoteIdentifier } from "../quoting.ts"
import { readStaged } from "../staging/staging.ts"

/** What the rows that are there get in the columns of an altered table, by alteration. */
export type Fills = ReadonlyMap<Alteration<StagedPart>, (string | null)[]>

/** The values staged for new columns, as the engine's own text: its ALTER takes constants only. */
export async function fillsOf(
  connection: DuckDBConnection,
  alterations: readonly Alteration<StagedPart>[],
): Promise<Fills> {
  const fills = new Map<Alteration<StagedPart>, (string | null)[]>()
  for (const alteration of alterations) {
    if (alteration.fill === undefined) continue
    const values = alteration.to.columns.map(({ name }) => `CAST(${quoteIdentifier(name)} AS VARCHAR)`)
    const found = await connection.runAndReadAll(
      `SELECT ${values.join(", ")} FROM ${readStaged([alteration.fill])}`,
    )
    fills.set(alteration, found.getRowsJson()[0] as (string | null)[])
  }
  return fills
}
