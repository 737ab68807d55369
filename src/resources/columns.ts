import type { Json, Property, ResourceType, Schema } from "./resource-type.ts"

/** How a property's value is written in SQL. */
export type ColumnKind = "text" | "boolean" | "integer" | "number" | "json"

/** Names by which a column is known: `DomainName`, `domain_name` and `data__DomainName` are one. */
export function columnKey(name: string): string {
  return name
    .toLowerCase()
    .replace(/^data__/, "")
    .replaceAll("_", "")
}

/** The property that a column's name means; undefined: none. */
export function propertyOf(type: ResourceType, column: string): string | undefined {
  const key = columnKey(column)
  return Object.keys(type.properties).find((name) => columnKey(name) === key)
}

export function columnKind(type: ResourceType, { schema }: Property): ColumnKind {
  const { type: kind } = resolved(type, schema)
  switch (kind) {
    case "string":
      return "text"
    case "boolean":
    case "integer":
    case "number":
      return kind
    default:
      return "json"
  }
}

/** What DESCRIBE calls the type of a property. */
export function schemaKind(type: ResourceType, { schema }: Property): string {
  const { type: kind } = resolved(type, schema)
  return typeof kind === "string" ? kind : "object"
}

function resolved({ definitions }: ResourceType, schema: Schema): Schema {
  const reference = schema.$ref
  if (typeof reference !== "string") return schema
  return definitions[reference.slice("#/definitions/".length)] ?? schema
}

/** A cell of the kind; objects and lists are JSON text. */
export function cellOf(value: Json | undefined): string | number | boolean | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === "object" ? JSON.stringify(value) : value
}
