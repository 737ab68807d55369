import type { Configuration } from "../../domain/configuration.ts"
import { plainLine } from "../../domain/text-forms/plain-text.ts"
import { askMillrace, type OperationsAccess } from "../asking/operations-request.ts"
import { type ExitCode, failed, misused, operating } from "../operate.ts"
import { print, printJson } from "../output.ts"
import { textTable } from "../text-table.ts"
import { type SeenByKey, seenByKey } from "./seen-by-key.ts"

/** An explanation as it comes over the wire. */
export interface ToldExplanation {
  user?: { iamid: string; userid: string; account: string }
  source: string
  table: { database: string; schema: string; name: string }
  columnNames: string[]
  rows: "closed" | "none" | "some" | "all"
  why: string
  rules: { policyKey: string; rule: number; what: string; effect: string; why: string; here: string }[]
  columns: { name: string; shown: string; by: { policyKey: string; rule: number; mask: string }[] }[]
  refusals: { policyKey: string; message: string }[]
  warnings: { policyKey: string; column?: string; message: string }[]
  row?: SeenByKey
}

export interface ExplainRequest {
  user: string | undefined
  source: string | undefined
  /** A JSON object; or `column=value`, which names a row of the table. */
  row: string | undefined
  json: boolean
  config: string | undefined
}

/** Says which rules hold for a person on a data source, why, and what the person sees. */
export async function explain({ user, source, row, json, config }: ExplainRequest): Promise<ExitCode> {
  if (user === undefined || source === undefined)
    return misused("policy explain takes --user U and --source S.")
  const given = row === undefined ? undefined : readRow(row)
  if (given?.kind === "wrong") return misused("--row takes a JSON object, or column=value.")
  const use = given?.kind === "key" ? "ask" : "ask-api"
  const work = async (access: OperationsAccess, configuration: Configuration): Promise<ExitCode> => {
    const body = { user, source, ...(given?.kind === "values" && { row: given.values }) }
    const request = { method: "POST", path: "/policies/explain", body } as const
    const told = await askMillrace<ToldExplanation>(access, request)
    if (typeof told === "string") return failed(told)
    if (given?.kind === "key") {
      const seen = await seenByKey(configuration, told, given)
      if (typeof seen === "string") return failed(seen)
      told.row = seen
    }
    if (json) printJson(told)
    else print(described(told))
    return 0
  }
  return await operating(config, "admin", work, use)
}

type GivenRow =
  | { kind: "values"; values: object }
  | { kind: "key"; column: string; value: string }
  | { kind: "wrong" }

function readRow(text: string): GivenRow {
  if (!text.trimStart().startsWith("{")) {
    const [, column, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    return column === undefined || value === undefined
      ? { kind: "wrong" }
      : { kind: "key", column: column.trim(), value }
  }
  try {
    return { kind: "values", values: JSON.parse(text) as object }
  } catch (error) {
    if (error instanceof SyntaxError) return { kind: "wrong" }
    throw error
  }
}

export function described(told: ToldExplanation): string {
  const parts = [
    `${told.user === undefined ? "nobody" : `${told.user.iamid}/${told.user.userid}`} on ${told.source}: ${rowsShown[told.rows]}, since ${told.why}.`,
  ]
  if (told.rules.length > 0) parts.push(rulesTable(told))
  if (told.columns.length > 0) parts.push(columnsTable(told))
  const notes = [...told.refusals, ...told.warnings].map(
    ({ policyKey, message }) => `${policyKey === "" ? "" : `policy ${policyKey}: `}${message}`,
  )
  if (notes.length > 0) parts.push(notes.map(plainLine).join("\n"))
  if (told.row !== undefined) parts.push(rowTable(told.row))
  return `${parts.map((part) => part.trimEnd()).join("\n\n")}\n`
}

const rowsShown = {
  closed: "closed to everybody",
  none: "no rows",
  some: "some of the rows",
  all: "all rows",
}

function rulesTable({ rules }: ToldExplanation): string {
  return textTable(
    ["policy", "rule", "what", "effect", "why", "for this source"],
    rules.map((rule) => [rule.policyKey, String(rule.rule), rule.what, rule.effect, rule.why, rule.here]),
  )
}

function columnsTable({ columns }: ToldExplanation): string {
  return textTable(
    ["column", "shown", "masked by (strictest first)"],
    columns.map(({ name, shown, by }) => [
      name,
      shown === "byRow" ? "by row" : shown,
      by.map(({ policyKey, rule, mask }) => `${mask} (${policyKey} ${rule})`).join(", "),
    ]),
  )
}

function rowTable(row: SeenByKey): string {
  switch (row.kind) {
    case "hidden":
      return "The row is not shown."
    case "missing":
      return "There is no such row."
    case "shown":
      return textTable(["column", "the person sees"], Object.entries(row.values))
  }
}
