/** A column of the source, as its catalog tells it. */
export interface SourceColumn {
  name: string
  /** The type's name in pg_type (`int8`, `_text`, …), domains followed. */
  type: string
  /** pg_type.typcategory: `A` is an array. */
  category: string
}

export interface SourceTable {
  schema: string
  name: string
  columns: SourceColumn[]
  /** Names of the primary key's columns; empty when there is none. */
  key: string[]
}

/** An expression, in each side's SQL, that gives a value's one canonical text: equal texts, equal values. */
interface Canonical {
  source: string
  warehouse: string
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** 17 significant digits tell every double from every other, and both sides print them alike. */
function real(column: string): Canonical {
  const nonFinite = `CASE WHEN ${column} = 'NaN' THEN 'NaN' WHEN ${column} = 'Infinity' THEN 'inf' WHEN ${column} = '-Infinity' THEN '-inf'`
  return {
    source: `${nonFinite} ELSE trim(to_char(${column}::float8, '9.9999999999999999EEEE')) END`,
    warehouse: `CASE WHEN isnan(${column}) THEN 'NaN' WHEN isinf(${column}) THEN if(${column} > 0, 'inf', '-inf') ELSE format('{:.16e}', ${column}::DOUBLE) END`,
  }
}

/** The warehouse writes years before our era as `(BC)`, PostgreSQL as `BC`. */
function time(column: string): Canonical {
  return { source: `${column}::text`, warehouse: `replace(${column}::VARCHAR, ' (BC)', ' BC')` }
}

/** Sessions on both sides are in UTC, ISO dates, PostgreSQL's intervals. */
export function canonical({ name, type, category }: SourceColumn): Canonical {
  const column = quote(name)
  const plain = { source: `${column}::text`, warehouse: `${column}::VARCHAR` }
  if (category === "A") return { source: `array_to_json(${column})::text`, warehouse: plain.warehouse }
  switch (type) {
    case "bool":
    case "int2":
    case "int4":
    case "int8":
    case "numeric":
    case "uuid":
    case "json":
    case "jsonb":
    case "text":
    case "varchar":
      return plain
    case "float4":
    case "float8":
      return real(column)
    case "date":
    case "timestamp":
    case "timestamptz":
      return time(column)
    case "bytea":
      return { source: `encode(${column}, 'hex')`, warehouse: `lower(hex(${column}))` }
    default:
      // The type's own printed form, which a cast to text may change (inet gets its mask, char loses its blanks).
      return {
        source: `CASE WHEN ${column} IS NOT NULL THEN concat(${column}) END`,
        warehouse: plain.warehouse,
      }
  }
}

export type SideName = "source" | "warehouse"

const lengthOf: Record<SideName, (text: string) => string> = {
  source: (text) => `octet_length(${text})::text`,
  warehouse: (text) => `strlen(${text})::VARCHAR`,
}

/** The whole row as one text. Lengths in front keep neighbouring values apart, whatever they hold. */
export function rowText(table: SourceTable, side: SideName): string {
  const parts = table.columns.map((column) => {
    const text = canonical(column)[side]
    return `coalesce(${lengthOf[side](text)} || ':' || ${text}, '~')`
  })
  return parts.length === 0 ? "''" : parts.join(" || ")
}

/** What a person knows the row by: its key, or everything it holds. */
export function rowName(table: SourceTable, side: SideName): string {
  const named =
    table.key.length === 0 ? table.columns : table.columns.filter(({ name }) => table.key.includes(name))
  const parts = named.map(
    (column) => `'${column.name.replaceAll("'", "''")}=' || coalesce(${canonical(column)[side]}, 'null')`,
  )
  return parts.length === 0 ? "''" : parts.join(" || ', ' || ")
}
