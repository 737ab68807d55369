/** Tables that the forms of statements are shown with. */
import type { Column, ColumnType, TableSchema } from "../../../src/domain/table.ts"

const types: ColumnType[] = [
  { kind: "boolean" },
  { kind: "int16" },
  { kind: "int32" },
  { kind: "int64" },
  { kind: "float32" },
  { kind: "float64" },
  { kind: "decimal", precision: 12, scale: 2 },
  { kind: "decimal", precision: 38, scale: 38 },
  { kind: "date" },
  { kind: "timestamp" },
  { kind: "timestamptz" },
  { kind: "uuid" },
  { kind: "text" },
  { kind: "json" },
  { kind: "bytes" },
]

/** With a column of each type, and a name that must be quoted. */
export const everything = tableOf(
  "Every thing",
  types.map((type, index): [string, ColumnType] => [`${type.kind} ${index}`, type]),
  undefined,
)
export const customers = tableOf(
  "customers",
  [
    ["id", { kind: "int32" }],
    ["name", { kind: "text" }],
    ["notes", { kind: "json" }],
  ],
  [0],
)
export const widened = tableOf(
  "customers",
  [
    ["id", { kind: "int64" }],
    ["name", { kind: "text" }],
    ["since", { kind: "date" }],
  ],
  [0],
)
export const lengthened = tableOf(
  "customers",
  [
    ["id", { kind: "int32" }],
    ["label", { kind: "text" }],
    ["since", { kind: "date" }],
  ],
  [0],
)
export const moved: TableSchema = { ...customers, schema: "archive" }

function tableOf(name: string, columns: [string, ColumnType][], key: number[] | undefined): TableSchema {
  return {
    id: `id of ${name}`,
    schema: "public",
    name,
    columns: columns.map(([column, type]): Column => ({ name: column, type, sourceType: type.kind })),
    key,
  }
}
