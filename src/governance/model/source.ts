/** What a column holds, as far as masks and comparisons must know. `other`: can only be shown or be null. */
export type ColumnKind =
  | "text"
  | "integer"
  | "decimal"
  | "float"
  | "boolean"
  | "date"
  | "timestamp"
  | "timestamptz"
  | "other"

export interface GovernedColumn {
  name: string
  kind: ColumnKind
  /** The type as the warehouse writes it, so that a null has the column's type: `varchar(20)`. */
  type: string
  tags: readonly string[]
}

export interface RelationName {
  database: string
  schema: string
  name: string
}

/** A table whose rows people see only through a view. */
export interface GovernedSource {
  /** Of the state database; never used again for another source. */
  id: number
  /** What people call it; unique. */
  name: string
  table: RelationName
  view: { schema: string; name: string }
  columns: readonly GovernedColumn[]
  tags: readonly string[]
  /** The column that time rules look at. */
  eventTimeColumn?: string
  /** The columns by whose values samples are drawn; absent: all whose values have one text. */
  keyColumns?: readonly string[]
  /** Names the secret that is added before hashing; the secret itself is not in any view's text. */
  saltId: string
}
