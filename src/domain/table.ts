/**
 * The column types every warehouse must be able to hold. A source type with no exact partner here travels as
 * `text`, in the source's own text form: nothing is rounded or cut.
 */
export type ColumnType =
  | { kind: "boolean" }
  | { kind: "int16" }
  | { kind: "int32" }
  | { kind: "int64" }
  | { kind: "float32" }
  | { kind: "float64" }
  | { kind: "decimal"; precision: number; scale: number }
  | { kind: "date" }
  | { kind: "timestamp" }
  | { kind: "timestamptz" }
  | { kind: "uuid" }
  | { kind: "text" }
  | { kind: "json" }
  | { kind: "bytes" }

export interface Column {
  name: string
  type: ColumnType
  /** The source's own name of the type, for people: `numeric(12,2)`, `order_status`. */
  sourceType: string
  /**
   * The source's own type as its engine writes it, domains followed: `numeric(12,2)`, `interval`, `integer[]`. Set only where the
   * destination's engine is the source's: the column is of that type there, whatever `type` its values travel as.
   */
  native?: string
  /** Set where `type` is text though the source's type has an exact partner: what came that it cannot hold. */
  keptAsText?: string
}

/** Names keep the source's case and characters. */
export interface TableName {
  schema: string
  name: string
}

export interface TableSchema extends TableName {
  /** The source's lasting id of the table (an oid, say): survives a rename. */
  id: string
  columns: Column[]
  /**
   * Which columns (by index) tell one row from another: the primary key or the replica identity.
   * `undefined`: no key; a row is told by all its columns, and equal rows are counted.
   */
  key: number[] | undefined
  /** What only the source reads: it tells by this what has been done to the table since. */
  revision?: string
}

/** Whether rows of one are rows of the other. */
export function isSameDefinition(a: TableSchema | undefined, b: TableSchema | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return definitionOf(a) === definitionOf(b)
}

function definitionOf({ id, schema, name, columns, key }: TableSchema): string {
  return JSON.stringify([id, schema, name, key, columns])
}

/** The states of a replicated table (cloud: SVV_INTEGRATION_TABLE_STATE, spelled as there). */
export const tableStates = [
  "ResyncInitiated",
  "Synced",
  "Failed",
  "ResyncRequired",
  "Deleted",
  "DroppedSource",
] as const
export type TableState = (typeof tableStates)[number]

/** Nothing of it comes any more. */
export function isGone(state: TableState): boolean {
  return state === "Deleted" || state === "DroppedSource"
}

/** For people. Two tables can have the same one: `b.c` in schema `a`, and `c` in schema `a.b`. */
export function qualifiedName(table: TableName): string {
  return `${table.schema}.${table.name}`
}

/** Tells any two names of tables apart: a key for maps. */
export function tableKey({ schema, name }: TableName): string {
  return JSON.stringify([schema, name])
}

/** Who may say so: the pipeline that moves the table's rows, or a person's order (a refresh, a new filter). */
export type TableActor = "pipeline" | "order"

/**
 * A table's life. Normal: (new) → ResyncInitiated → Synced; something that breaks it: → ResyncRequired → (by itself)
 * ResyncInitiated → Synced; not replicable: → Failed; dropped or filtered out: → Deleted, or DroppedSource where its
 * versions stay, and anew if it comes back.
 * An order only asks (ResyncRequired) or takes away (Deleted); just the pipeline knows that rows are in step.
 */
const tableMoves: Record<TableState | "new", Partial<Record<TableState, readonly TableActor[]>>> = {
  new: { ResyncInitiated: ["pipeline"], Failed: ["pipeline"] },
  ResyncInitiated: {
    ResyncInitiated: ["pipeline"],
    Synced: ["pipeline"],
    Failed: ["pipeline"],
    ResyncRequired: ["pipeline", "order"],
    Deleted: ["pipeline", "order"],
    DroppedSource: ["pipeline"],
  },
  Synced: {
    Failed: ["pipeline"],
    ResyncRequired: ["pipeline", "order"],
    Deleted: ["pipeline", "order"],
    DroppedSource: ["pipeline"],
  },
  ResyncRequired: {
    ResyncInitiated: ["pipeline"],
    Failed: ["pipeline"],
    Deleted: ["pipeline", "order"],
    DroppedSource: ["pipeline"],
  },
  Failed: {
    ResyncInitiated: ["pipeline"],
    ResyncRequired: ["pipeline", "order"],
    Deleted: ["pipeline", "order"],
    DroppedSource: ["pipeline"],
  },
  Deleted: { ResyncInitiated: ["pipeline"], Failed: ["pipeline"] },
  DroppedSource: { ResyncInitiated: ["pipeline"], Failed: ["pipeline"] },
}

/** Whether `by` may move a table from one state (`undefined`: not known yet) to another. */
export function tableMayBecome(from: TableState | undefined, to: TableState, by: TableActor): boolean {
  return tableMoves[from ?? "new"][to]?.includes(by) ?? false
}
