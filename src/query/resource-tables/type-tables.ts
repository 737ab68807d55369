import { cellOf, columnKey, columnKind } from "../../resources/columns.ts"
import type { ResourcePlane } from "../../resources/requests/context.ts"
import type { ResourceDescription } from "../../resources/requests/reads.ts"
import type { Json, ResourceType } from "../../resources/resource-type.ts"
import type { Cell, VirtualColumn, VirtualFilter, VirtualTable } from "../virtual-table.ts"
import { explained, found, lookupOf } from "./lookup.ts"
import { asPg, callerOf, columnByKey, isElsewhere } from "./table-rules.ts"

/** What every resource has beside its properties. */
const place: readonly VirtualColumn[] = [
  { name: "region", type: "text" },
  { name: "identifier", type: "text" },
]

/** Of one type: its resources, their identifiers alone, and a row for each tag. */
export function typeTables(plane: ResourcePlane, type: ResourceType): VirtualTable[] {
  const [schema = "", name = ""] = type.table.split(".")
  const all = Object.keys(type.properties)
  const columns = all.map((property) => columnOf(type, property))
  const whole = rowMaker(plane, all)
  const tables = [
    tableOf(plane, type, { name, columns: [...columns, ...place], rowsOf: (one) => [whole(one)] }),
    tableOf(plane, type, {
      name: `${name}_list_only`,
      columns: [...type.primaryIdentifier.map((property) => columnOf(type, property)), ...place],
      rowsOf: (one) => [rowMaker(plane, type.primaryIdentifier)(one)],
    }),
  ]
  if (type.properties.Tags !== undefined)
    tables.push(
      tableOf(plane, type, {
        name: `${name.replace(/s$/, "")}_tags`,
        columns: [...columns, ...place, ...tagColumns],
        rowsOf: (one) => tagsOf(one.properties.Tags).map((tag) => [...whole(one), ...tag]),
      }),
    )
  return tables.map((table) => ({ ...table, schema }))
}

const tagColumns: readonly VirtualColumn[] = [
  { name: "tag_key", type: "text" },
  { name: "tag_value", type: "text" },
]

interface Shape {
  name: string
  columns: readonly VirtualColumn[]
  rowsOf(one: ResourceDescription): Cell[][]
}

function tableOf(plane: ResourcePlane, type: ResourceType, { name, columns, rowsOf }: Shape): VirtualTable {
  const lookup = (filter: VirtualFilter) => lookupOf(plane, type, filter)
  return {
    name,
    schema: "",
    database: "awscc",
    readableBy: "readers",
    columns,
    columnNamed: columnByKey(columns),
    rows: async (caller, filter) => {
      if (isElsewhere(plane, filter)) return []
      const resources = await asPg(async () => found(plane, type, callerOf(caller), lookup(filter)))
      return resources.flatMap(rowsOf)
    },
    explain: async (filter) =>
      isElsewhere(plane, filter) ? [] : await asPg(async () => explained(type, lookup(filter))),
  }
}

function columnOf(type: ResourceType, property: string): VirtualColumn {
  const known = type.properties[property]
  if (known === undefined) throw new Error(`${type.typeName} has no property ${property}`)
  const kind = columnKind(type, known)
  return { name: known.column, type: kind === "boolean" ? kind : kind === "integer" ? "bigint" : "text" }
}

function rowMaker({ region }: ResourcePlane, names: readonly string[]) {
  return ({ identifier, properties }: ResourceDescription): Cell[] => [
    ...names.map((name) => cellOf(properties[name])),
    region,
    identifier,
  ]
}

/** Keys and values. */
export function tagsOf(tags: Json | undefined): [string, Cell][] {
  if (!Array.isArray(tags)) return []
  return tags.flatMap((tag): [string, Cell][] => {
    if (typeof tag !== "object" || tag === null || Array.isArray(tag)) return []
    return [[String(cellOf(tag.Key) ?? ""), cellOf(tag.Value)]]
  })
}

/** As `columnKey` has them: what a type's table may be asked by. */
export function keysOf({ properties }: ResourceType): string[] {
  return Object.keys(properties).map(columnKey)
}
