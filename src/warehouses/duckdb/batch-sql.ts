import type { DuckDBConnection } from "@duckdb/node-api"
import type { TableSchema } from "../../domain/table.ts"
import type { Alteration, StagedPart, TableChanges } from "../../replication/warehouse.ts"
import { alterStatements } from "./alter-sql.ts"
import { applyStatements } from "./apply-sql.ts"
import type { HeldTable } from "./bookkeeping.ts"
import { quoteIdentifier } from "./instance.ts"
import type { Move } from "./moves.ts"
import { liveTable } from "./naming.ts"
import { readStaged } from "./staging.ts"

type StagedAlteration = Alteration<StagedPart>

export function filesOf(alteration: StagedAlteration | undefined): StagedPart[] {
  return alteration?.fill === undefined ? [] : [alteration.fill]
}

/** What the altered tables are in the end, by id. */
export function finalNames(alterations: readonly StagedAlteration[]): Map<string, TableSchema> {
  return new Map(alterations.map(({ to }) => [to.id, to]))
}

export function movesOf(held: readonly HeldTable[], names: ReadonlyMap<string, TableSchema>): Move[] {
  return held.flatMap(({ schema: from }) => {
    const to = names.get(from.id)
    return to === undefined || (to.schema === from.schema && to.name === from.name) ? [] : [{ from, to }]
  })
}

/** Under which names the pipeline's tables stand in the end, by id. */
export function placesOf(
  pipeline: string,
  held: readonly HeldTable[],
  known: readonly TableSchema[],
): Map<string, TableSchema> {
  const mine = held.filter((one) => one.pipeline === pipeline).map((one) => one.schema)
  return new Map([...mine, ...known].map((table) => [table.id, table]))
}

export interface BatchFacts {
  /** Of all tables; `undefined` where none has changed its place. */
  places: ReadonlyMap<string, TableSchema> | undefined
  fills: ReadonlyMap<StagedAlteration, (string | null)[]>
  /** Tables, by id, that keep versions. */
  keeps: ReadonlySet<string>
}

/**
 * Changes and alterations of each table in their order, under the name it has in the end. A table whose place another
 * one took has no use for its changes any more.
 */
export function changeStatements(
  database: string,
  tables: readonly TableChanges[],
  { places, fills, keeps }: BatchFacts,
): string[] {
  const touched = new Set<string>()
  return tables.flatMap((changes) => {
    const { table, alteration, runs } = changes
    const place = places === undefined ? table : places.get(table.id)
    if (place === undefined) return []
    const altering =
      alteration === undefined
        ? []
        : alterStatements(
            database,
            place,
            { ...alteration, fill: fills.get(alteration), keepsVersions: keeps.has(table.id) },
            touched.has(table.id),
          )
    if (runs.length > 0) touched.add(table.id)
    return [...altering, ...applyStatements(liveTable(database, place), changes)]
  })
}

/** The values staged for new columns, as the engine's own text: its ALTER takes constants only. */
export async function fillsOf(
  connection: DuckDBConnection,
  alterations: readonly StagedAlteration[],
): Promise<Map<StagedAlteration, (string | null)[]>> {
  const fills = new Map<StagedAlteration, (string | null)[]>()
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
