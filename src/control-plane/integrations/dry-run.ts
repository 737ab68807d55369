import type { SourceConfiguration } from "../../domain/configuration.ts"
import { type DataFilter, databasesOf } from "../../domain/data-filter/data-filter.ts"
import { type FilterMistake, parseDataFilter } from "../../domain/data-filter/data-filter-parser.ts"
import { Fault } from "../../domain/faults.ts"
import { Problem, reportOf } from "../../domain/problems.ts"
import type { TableName } from "../../domain/table.ts"
import { filterForm, type TableSourceEngine } from "../../engines/source-engine.ts"
import { tableSelection } from "../../engines/table-selection.ts"
import type { Finding, TableSize } from "../../replication/contracts/source.ts"
import type { Caller, ControlPlane } from "../control-plane.ts"
import { requireAdmin } from "../sql-users/roles.ts"
import { parsedFilter } from "./integrations.ts"

export interface DryRunInput {
  /** ARN. */
  source: string
  dataFilter?: string | undefined
}

/** What an integration would find at its source now. Nothing is made, here or there. */
export interface DryRunReport {
  databases: DryRunDatabase[]
}

export interface DryRunDatabase {
  /** Of the source; "" where it is not told apart. */
  database: string
  /** Tables that the filter takes, also those that cannot be replicated: `findings` names them. At most `tablesShown`. */
  tables: DryRunTable[]
  /** How many there are. */
  matched: number
  /** Those of them that can be replicated; null: the source does not tell sizes. */
  sizes: DryRunSizes | null
  findings: Finding[]
}

/** Null: it cannot be replicated, or the source does not tell sizes. */
export interface DryRunTable extends TableName {
  size: Pick<TableSize, "hasKey" | "estimatedRows" | "bytes"> | null
}

export interface DryRunSizes {
  tables: number
  withoutKey: number
  estimatedRows: number
  /** On the source's disk. */
  bytes: number
}

const tablesShown = 1_000

/** Looks at the source itself. @throws Fault accessDenied, sourceNotFound, unsupported, invalidValue */
export async function dryRun(
  plane: ControlPlane,
  caller: Caller,
  { source: arn, dataFilter }: DryRunInput,
): Promise<DryRunReport> {
  requireAdmin(caller, "look at what an integration would take")
  const { source, engine } = sourceOf(plane, arn)
  if (engine.delivery === "files")
    throw new Fault(
      "unsupported",
      "A bucket's files are loaded by COPY and its jobs: it has no tables to look at.",
    )
  const { selection } = engine
  const filter = selection.kind === "whole" ? undefined : parsedFilter(dataFilter, selection.form)
  const databases = databasesToLookAt(engine, source, filter)
  const looked: DryRunDatabase[] = []
  for (const database of databases) looked.push(await lookAt({ engine, source, dataFilter }, database))
  return { databases: looked }
}

function sourceOf(plane: ControlPlane, arn: string) {
  const source = plane.sources.find((one) => one.arn === arn)
  if (source === undefined) throw new Fault("sourceNotFound", `No source ${arn} is configured.`)
  return { source, engine: plane.sourceEngines.of(source) }
}

/** What the source itself lacks; `millrace check` says the same. @throws Fault accessDenied, sourceNotFound */
export async function checkSource(
  plane: ControlPlane,
  caller: Caller,
  arn: string,
): Promise<{ findings: Finding[] }> {
  requireAdmin(caller, "check a source")
  const { source } = sourceOf(plane, arn)
  return { findings: await findingsAt(plane, source) }
}

/** Also of one that no configuration has. */
export async function findingsAt(
  { sourceEngines, region }: ControlPlane,
  source: SourceConfiguration,
): Promise<Finding[]> {
  const engine = sourceEngines.of(source)
  return await findingsOf(async () => {
    if (engine.delivery === "files") return await (await engine.load()).preflight(source, region)
    const options = { database: engine.checkedDatabase(source), acceptInvalidText: false, nativeTypes: false }
    return await (await engine.load()).open(source, options).preflight(() => false)
  })
}

export interface FilterCheck {
  /** None: the filter can be used. */
  mistakes: FilterMistake[]
}

/** As `createIntegration` judges it. @throws Fault sourceNotFound, unsupported (its sources have no filter) */
export function checkDataFilter(plane: ControlPlane, { source: arn, dataFilter }: DryRunInput): FilterCheck {
  const form = filterForm(sourceOf(plane, arn).engine)
  if (form === undefined) throw new Fault("unsupported", "An integration of this source has no data filter.")
  const parsed = parseDataFilter(dataFilter, form)
  return { mistakes: "ok" in parsed ? [] : parsed.found }
}

function databasesToLookAt(
  engine: TableSourceEngine,
  source: SourceConfiguration,
  filter: DataFilter | undefined,
): string[] {
  return filter?.form === "database.schema.table" ? databasesOf(filter) : [engine.checkedDatabase(source)]
}

async function lookAt(
  {
    engine,
    source,
    dataFilter,
  }: { engine: TableSourceEngine; source: SourceConfiguration; dataFilter: string | undefined },
  database: string,
): Promise<DryRunDatabase> {
  const takes = tableSelection(engine.selection, () => dataFilter, database)
  const matched = new Map<string, TableName>()
  const select = (table: TableName) => {
    const isTaken = takes(table)
    if (isTaken) matched.set(keyOf(table), { schema: table.schema, name: table.name })
    return isTaken
  }
  let sizes: TableSize[] | undefined
  const findings = await findingsOf(async () => {
    const options = { database, acceptInvalidText: false, nativeTypes: false }
    const opened = (await engine.load()).open(source, options)
    const found = await opened.preflight(select)
    sizes = await opened.sizes?.(select)
    return found
  })
  const byTable = new Map(sizes?.map((one) => [keyOf(one), one]))
  const tables = [...matched].slice(0, tablesShown).map(([key, { schema, name }]) => {
    return { schema, name, size: sizeOf(byTable.get(key)) }
  })
  return { database, tables, matched: matched.size, sizes: summed(sizes), findings }
}

function keyOf({ schema, name }: TableName): string {
  return JSON.stringify([schema, name])
}

function sizeOf(size: TableSize | undefined): DryRunTable["size"] {
  if (size === undefined) return null
  const { hasKey, estimatedRows, bytes } = size
  return { hasKey, estimatedRows, bytes }
}

function summed(sizes: readonly TableSize[] | undefined): DryRunSizes | null {
  if (sizes === undefined) return null
  return {
    tables: sizes.length,
    withoutKey: sizes.filter(({ hasKey }) => !hasKey).length,
    estimatedRows: sizes.reduce((sum, { estimatedRows }) => sum + estimatedRows, 0),
    bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

/** What keeps us from looking is a finding, too. */
async function findingsOf(look: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const remedy = reportOf(error).message.slice(error.message.length + 1)
    return [{ severity: "error", concerns: "source", what: error.message, remedy }]
  }
}
