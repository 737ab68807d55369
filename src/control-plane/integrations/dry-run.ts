import type { SourceConfiguration } from "../../domain/configuration.ts"
import { type DataFilter, databasesOf } from "../../domain/data-filter/data-filter.ts"
import { Fault } from "../../domain/faults.ts"
import { Problem, reportOf } from "../../domain/problems.ts"
import type { TableName } from "../../domain/table.ts"
import type { TableSourceEngine } from "../../engines/source-engine.ts"
import { tableSelection } from "../../engines/table-selection.ts"
import type { Finding } from "../../replication/contracts/source.ts"
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
  tables: TableName[]
  /** How many there are. */
  matched: number
  findings: Finding[]
}

const tablesShown = 1_000

/** Looks at the source itself. @throws Fault accessDenied, sourceNotFound, unsupported, invalidValue */
export async function dryRun(
  plane: ControlPlane,
  caller: Caller,
  { source: arn, dataFilter }: DryRunInput,
): Promise<DryRunReport> {
  requireAdmin(caller, "look at what an integration would take")
  const source = plane.sources.find((one) => one.arn === arn)
  if (source === undefined) throw new Fault("sourceNotFound", `No source ${arn} is configured.`)
  const engine = plane.sourceEngines.of(source)
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
    if (isTaken)
      matched.set(JSON.stringify([table.schema, table.name]), { schema: table.schema, name: table.name })
    return isTaken
  }
  const findings = await findingsOf(async () => {
    const options = { database, acceptInvalidText: false, nativeTypes: false }
    return await (await engine.load()).open(source, options).preflight(select)
  })
  return { database, tables: [...matched.values()].slice(0, tablesShown), matched: matched.size, findings }
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
