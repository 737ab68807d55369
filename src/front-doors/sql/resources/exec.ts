/** Reads EXEC: a call by its method, as the change or the query that it is. */

import { resourceFaultAsPgError } from "../../../query/faults.ts"
import { cursorOver } from "../../../query/text/token-cursor.ts"
import { isSymbol, isWord, type Token } from "../../../query/text/tokens.ts"
import { columnKey } from "../../../resources/columns.ts"
import { parseModel } from "../../../resources/json-text.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { type ChangeTarget, changeTarget, isNaming, ofCall } from "./change-target.ts"
import type { ChangeColumn, ChangeText } from "./change-text.ts"
import { type ExecCommand, isProvider } from "./commands.ts"
import { allEventColumns } from "./returning.ts"
import { placesOutside } from "./where-text.ts"

/** No two parts match the same text. */
const hint = /^(?:\s|--[^\n]*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*exec\s*\/\*\+([^*]*)\*\//i

/** `EXEC awscc.rds.integrations.create_resource @DesiredState = '…', @region = '…'`. `undefined`: it is none. Throws 42601, 42P01, 42P10. */
export function execCommand(tokens: Token[], text: string, typed: string): ExecCommand | undefined {
  if (!isWord(tokens[0], "exec") || !isProvider(tokens, 1)) return undefined
  const cursor = cursorOver(tokens)
  cursor.skip(1)
  const [, service = "", table = "", method = ""] = cursor.dotted(4)
  const values = argumentsOf(tokens.slice(cursor.index()), text)
  const target = changeTarget(`${service}.${table}`.toLowerCase())
  const hints = hint.exec(typed)?.[1] ?? ""
  const read = readQuery(target, method, values)
  if (read !== undefined) return { kind: "exec", what: "read", ...read }
  return {
    kind: "exec",
    what: "change",
    change: changeBy(target, method, values),
    returning: /\bSHOWRESULTS\b/i.test(hints) ? allEventColumns() : undefined,
    isAwaited: /\bAWAIT\b/i.test(hints),
  }
}

/** Expressions by `columnKey`. */
type Arguments = ReadonlyMap<string, string>

function argumentsOf(tokens: Token[], sql: string): Arguments {
  const found = new Map<string, string>()
  const commas = placesOutside(tokens, 0).filter((at) => isSymbol(tokens[at], ","))
  const ends = tokens.length === 0 ? [] : [...commas, tokens.length]
  for (const [at, end] of ends.entries()) {
    const part = tokens.slice(at === 0 ? 0 : (ends[at - 1] ?? 0) + 1, end)
    const [mark, name, equals, ...value] = part
    const text = sql.slice(value[0]?.start, value.at(-1)?.end)
    if (!isSymbol(equals, "=") || name === undefined || value.length === 0)
      throw new PgError("42601", "EXEC takes @name = value, separated by commas")
    if (isSymbol(mark, "@")) found.set(columnKey(name.value), text)
    else if (isSymbol(mark, "@@") && name.value === "json") addJson(found, value)
    else throw new PgError("42601", "EXEC takes @name = value and @@json = '{…}'")
  }
  return found
}

function addJson(found: Map<string, string>, value: readonly Token[]): void {
  const [text] = value
  if (text?.kind !== "string" || value.length > 1)
    throw new PgError("42601", "@@json takes a text that is a JSON object")
  try {
    for (const [name, one] of Object.entries(parseModel(text.value, "@@json"))) {
      const written = typeof one === "string" ? one : JSON.stringify(one)
      found.set(columnKey(name), `'${written.replaceAll("'", "''")}'`)
    }
  } catch (error) {
    throw resourceFaultAsPgError(error)
  }
}

const asText = (expression: string) => `CAST((${expression}) AS VARCHAR)`

function changeBy(target: ChangeTarget, method: string, values: Arguments): ChangeText {
  switch (method) {
    case "create_resource":
      return changeOf("INSERT", target, values, () => "value")
    case "update_resource":
      requireNamed(target, method, values)
      return changeOf("UPDATE", target, values, (key) => (isPlace(target, key) ? "where" : "value"))
    case "delete_resource":
    case "cancel_resource_request":
      requireNamed(target, method, values)
      return changeOf("DELETE", target, values, () => "where")
    default:
      throw new PgError(
        "42883",
        `there is no method ${method} of this resource: SHOW METHODS tells which there are`,
      )
  }
}

function isPlace(target: ChangeTarget, key: string): boolean {
  return ofCall.has(key) || key === "identifier" || (target.kind === "anyType" && key === "typename")
}

function requireNamed(target: ChangeTarget, method: string, values: Arguments): void {
  const places = new Set([...values.keys()].filter((key) => isPlace(target, key) || key === "requesttoken"))
  if (isNaming(target, places)) return
  const needed = { type: "Identifier", anyType: "TypeName, Identifier", requests: "RequestToken" }[
    target.kind
  ]
  throw new PgError("42P10", `${method} needs values for: ${needed}`)
}

function changeOf(
  verb: ChangeText["verb"],
  target: ChangeTarget,
  values: Arguments,
  roleOf: (key: string) => ChangeColumn["role"],
): ChangeText {
  return {
    verb,
    target,
    columns: [...values.keys()].map((key) => ({ role: roleOf(key), key })),
    query: `SELECT ${values.size === 0 ? "NULL" : [...values.values()].map(asText).join(", ")}`,
    choice: { kind: verb === "INSERT" ? "new" : "named" },
  }
}

const shownByReads = ["identifier", "properties"]

function readQuery(
  target: ChangeTarget,
  method: string,
  values: Arguments,
): { query: string; columns: string[] } | undefined {
  const table = { get_resource: "resource", list_resources: "resources" }[method]
  if (table === undefined || target.kind === "requests") return undefined
  const ofType = target.kind === "type" ? [["type_name", `'${target.type.typeName}'`] as const] : []
  const given = [...values].map(([key, value]) => [columns.get(key) ?? key, value] as const)
  const where = [...ofType, ...given].map(([column, value]) => `${column} = ${value}`)
  const query = `SELECT ${shownByReads.join(", ")} FROM awscc.cloud_control.${table} WHERE ${where.join(" AND ")}`
  return { query, columns: ["Identifier", "Properties"] }
}

/** Of the tables that are read, by argument. */
const columns: ReadonlyMap<string, string> = new Map([
  ["typename", "type_name"],
  ["resourcemodel", "resource_model"],
])
