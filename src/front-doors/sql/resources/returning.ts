import { cursorOver } from "../../../query/text/token-cursor.ts"
import { isSymbol, isWord, type Token } from "../../../query/text/tokens.ts"
import { columnKey } from "../../../resources/columns.ts"
import { parseModel } from "../../../resources/json-text.ts"
import type { ProgressEvent } from "../../../resources/requests/events.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { ChangeTarget } from "./change-target.ts"
import { placesOutside } from "./where-text.ts"

/** What a change answers, in the order of `*`: a ProgressEvent. */
export const eventColumns = [
  "ErrorCode",
  "EventTime",
  "Identifier",
  "Operation",
  "OperationStatus",
  "RequestToken",
  "ResourceModel",
  "RetryAfter",
  "StatusMessage",
  "TypeName",
] as const
export type EventColumn = (typeof eventColumns)[number]

/** A column of what RETURNING shows: of the request, or of the resource as it has become, which is NULL until the request has ended. */
export interface ReturnedColumn {
  label: string
  from: { kind: "event"; column: EventColumn } | { kind: "property"; name: string }
}

/** Where the tokens of RETURNING begin; as many as there are: it has none. */
export function returningAt(tokens: readonly Token[]): number {
  return placesOutside(tokens, 0).findLast((at) => isWord(tokens[at], "returning")) ?? tokens.length
}

/** The list behind RETURNING. Throws 42601, 42703. */
export function readReturning(
  tokens: Token[],
  { target }: { target: ChangeTarget },
): ReturnedColumn[] | undefined {
  const at = returningAt(tokens)
  if (at === tokens.length) return undefined
  const cursor = cursorOver(tokens)
  cursor.skip(at + 1)
  const found: ReturnedColumn[] = []
  do {
    if (isSymbol(tokens[cursor.index()], "*")) {
      cursor.skip(1)
      found.push(...allEventColumns())
      continue
    }
    const column = returned(cursor.name(), target)
    const isRenamed = cursor.take("as") || (!cursor.isEnd() && !cursor.at(",") && !cursor.at(";"))
    found.push(isRenamed ? { ...column, label: cursor.name() } : column)
  } while (cursor.symbol(","))
  cursor.symbol(";")
  cursor.end()
  return found
}

/** Those of `*`. */
export function allEventColumns(): ReturnedColumn[] {
  return eventColumns.map(ofEvent)
}

function ofEvent(column: EventColumn): ReturnedColumn {
  return { label: column, from: { kind: "event", column } }
}

function returned(name: string, target: ChangeTarget): ReturnedColumn {
  const key = columnKey(name)
  const column = eventColumns.find((one) => columnKey(one) === key)
  if (column !== undefined) return ofEvent(column)
  const properties = target.kind === "type" ? Object.entries(target.type.properties) : []
  const [property, known] = properties.find(([one]) => columnKey(one) === key) ?? []
  if (property !== undefined && known !== undefined)
    return { label: known.column, from: { kind: "property", name: property } }
  throw new PgError("42703", `RETURNING can name properties, ${eventColumns.join(", ")}, or be *`)
}

export function cellsOf(event: ProgressEvent, columns: readonly ReturnedColumn[]): (string | null)[] {
  const cells: Record<EventColumn, string | null> = {
    ErrorCode: event.errorCode ?? null,
    EventTime: event.eventTime.toISOString(),
    Identifier: event.identifier ?? null,
    Operation: event.operation,
    OperationStatus: event.operationStatus,
    RequestToken: event.requestToken,
    ResourceModel: event.resourceModel ?? null,
    RetryAfter: null,
    StatusMessage: event.statusMessage ?? null,
    TypeName: event.typeName,
  }
  const model = event.resourceModel === undefined ? {} : parseModel(event.resourceModel, "ResourceModel")
  return columns.map(({ from }) => {
    if (from.kind === "event") return cells[from.column]
    const value = model[from.name]
    if (value === undefined || value === null) return null
    return typeof value === "string" ? value : JSON.stringify(value)
  })
}
