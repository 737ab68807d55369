import { setTimeout as delay } from "node:timers/promises"
import type { VerificationReport, VerifiedTable } from "../control-plane/pipelines/verification-report.ts"
import { plainLines } from "../domain/text-forms/plain-text.ts"
import { askMillrace, integrationPath, type OperationsAccess } from "./asking/operations-request.ts"
import { type ExitCode, failed, misused, operating } from "./operate.ts"
import { print } from "./output.ts"

export interface VerifyOptions {
  integration: string | undefined
  table: string | undefined
  repair: boolean
  config: string | undefined
}

const askEveryMs = 250

/** Compares source and warehouse and prints a line per table: 0 when all is equal or mended, 1 when something differs. */
export async function verify({ integration, table, repair, config }: VerifyOptions): Promise<ExitCode> {
  if (integration === undefined) return misused("verify needs --integration NAME (or its id or ARN).")
  return await operating(config, "admin", async (access) => {
    const order = { repair, ...(table !== undefined && { table }) }
    const show = (one: VerifiedTable) => print(describeVerified(one))
    const report = await runVerification(access, integration, order, show)
    return typeof report === "string" ? failed(report) : conclusion(report)
  })
}

/** Begins a comparison and follows it to its end; in words what keeps us from it. */
export async function runVerification(
  access: OperationsAccess,
  integration: string,
  order: { repair: boolean; table?: string },
  onTable: (table: VerifiedTable) => void,
): Promise<VerificationReport | string> {
  const path = integrationPath(integration, "verify")
  const begin = { method: "POST", path, body: order } as const
  let report = await askMillrace<VerificationReport>(access, begin)
  // Tables of a source database that ends late come before those of another, so the place tells nothing.
  const shown = new Set<string>()
  for (; typeof report !== "string"; await delay(askEveryMs)) {
    for (const table of report.tables.filter((one) => isNew(one, shown))) onTable(table)
    if (report.state !== "running") break
    report = await askMillrace<VerificationReport>(access, { method: "GET", path })
  }
  return report
}

/** Whether the table is told of for the first time; from then on it is in `shown`. */
export function isNew({ sourceDatabase, schema, name }: VerifiedTable, shown: Set<string>): boolean {
  const id = JSON.stringify([sourceDatabase, schema, name])
  if (shown.has(id)) return false
  shown.add(id)
  return true
}

export function describeVerified(given: VerifiedTable): string {
  // Keys are rows' values, and names the source's.
  const table = plainLines(given)
  const name = `${table.schema}.${table.name}`
  const rows = `${(table.sourceRows ?? 0).toLocaleString("en-US")} rows`
  const found = `${table.atLeast ? "at least " : ""}${table.differences.toLocaleString("en-US")} rows differ`
  const reason = table.reason === null ? "" : ` ${table.reason}`
  switch (table.outcome) {
    case "equal":
      return `${name}  equal  ${rows} at ${table.position}\n`
    case "skipped":
      return `${name}  skipped${reason}\n`
    case "repaired":
      return `${name}  repaired  ${found.replace("differ", "differed")} at ${table.position}\n${examples(table)}`
    case "recopying":
      return `${name}  being resynced  ${found} at ${table.position}.${reason}\n${examples(table)}`
    case "differs":
      return `${name}  DIFFERS  ${found} at ${table.position}.${reason}\n${examples(table)}`
  }
}

const where = {
  missing: "not in the warehouse",
  surplus: "not at the source",
  different: "not equal",
} as const

function examples({ examples, keyColumns, differences }: VerifiedTable): string {
  const lines = examples.map(({ kind, key }) => {
    const named = key.map((value, index) => {
      const column = keyColumns[index]
      return `${column === undefined ? "" : `${column}=`}${value ?? "null"}`
    })
    return `  ${named.join(", ")}: ${where[kind]}\n`
  })
  const more = examples.length === 0 ? 0 : differences - examples.length
  return lines.join("") + (more > 0 ? `  and ${more.toLocaleString("en-US")} more\n` : "")
}

function conclusion({ state, error, tables }: VerificationReport): ExitCode {
  if (state === "failed") return failed(`the verification broke off. ${error}`)
  const differing = tables.filter(({ outcome }) => outcome === "differs").length
  return differing === 0 ? 0 : failed(`${differing} of ${tables.length} tables differ; --repair mends them.`)
}
