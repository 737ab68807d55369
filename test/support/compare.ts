import pg from "pg"

/**
 * Compares tables of a PostgreSQL source with their copies by full content. Every value is brought into a canonical
 * form by the two servers themselves, by ways that share nothing with the code under test.
 */
export interface Comparison {
  sourceUrl: string
  /** Runs a query on the warehouse whose columns are all text. */
  read(sql: string): Promise<(string | null)[][]>
  /** The destination database. */
  database: string
  /** Qualified names; left out: every table of the source that is no partition. */
  tables?: readonly string[]
}

/** What differs, a line for each table that does; nothing if all is equal. */
export async function differences(comparison: Comparison): Promise<string[]> {
  const client = await comparisonClient(comparison.sourceUrl)
  try {
    const found: string[] = []
    for (const table of await sourceTables(client)) {
      const name = `${table.schema}.${table.name}`
      if (comparison.tables !== undefined && !comparison.tables.includes(name)) continue
      const difference = await differenceOf(client, comparison, table)
      if (difference !== undefined) found.push(`${name}: ${difference}`)
    }
    return found
  } finally {
    await client.end()
  }
}

async function comparisonClient(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    types: { getTypeParser: () => (text: string) => text },
    options: "-c DateStyle=ISO -c TimeZone=UTC -c extra_float_digits=3 -c IntervalStyle=postgres",
  })
  // A broken connection shows in the query that uses it.
  client.on("error", () => undefined)
  await client.connect()
  return client
}

interface SourceColumn {
  name: string
  /** The type domains rest on. */
  type: string
  /** The element's type of an array, domains followed. */
  element: string | null
  modified: boolean
}

interface SourceTable {
  schema: string
  name: string
  columns: SourceColumn[]
}

const columnsQuery = `
with recursive base(type, base) as (
  select oid, oid from pg_type where typtype <> 'd'
  union all
  select d.oid, b.base from pg_type d join base b on d.typbasetype = b.type where d.typtype = 'd'
)
select n.nspname as schema, c.relname as name, json_agg(json_build_object(
    'name', a.attname, 'type', bt.typname, 'modified', a.atttypmod <> -1 or t.typtypmod <> -1,
    'element', case when bt.typcategory = 'A' then (select et.typname from base eb join pg_type et on et.oid = eb.base where eb.type = bt.typelem) end
  ) order by a.attnum) as columns
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
  join pg_type t on t.oid = a.atttypid join base b on b.type = a.atttypid join pg_type bt on bt.oid = b.base
where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence = 'p' and a.attnum > 0
  and not a.attisdropped and (a.attgenerated = '' or a.attgenerated = 's' and current_setting('server_version_num')::int >= 180000) and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
group by 1, 2 order by 1, 2`

async function sourceTables(client: pg.Client): Promise<SourceTable[]> {
  const { rows } = await client.query<{ schema: string; name: string; columns: string }>(columnsQuery)
  return rows.map((row) => ({ ...row, columns: JSON.parse(row.columns) as SourceColumn[] }))
}

const examplesShown = 3

async function differenceOf(
  client: pg.Client,
  { read, database }: Comparison,
  table: SourceTable,
): Promise<string | undefined> {
  const place = [table.schema, table.name].map(quoted).join(".")
  const asText = await textColumns(read, database, table)
  const forms = table.columns.map((column) =>
    asText.has(column.name) && timeTypes.has(column.type) ? textForm(column) : formOf(column),
  )
  const source = await client.query<(string | null)[]>({
    text: `SELECT ${forms.map((form) => form.source).join(", ")} FROM ${place}`,
    rowMode: "array",
  })
  let copied: (string | null)[][]
  try {
    copied = await read(
      `SELECT ${forms.map((form) => form.warehouse).join(", ")} FROM ${quoted(database)}.${place}`,
    )
  } catch (error) {
    return `cannot be read in the warehouse: ${(error as Error).message}`
  }
  const wanted = counted(source.rows, forms)
  const had = counted(copied, forms)
  const missing = without(wanted, had)
  const extra = without(had, wanted)
  if (missing.length + extra.length === 0) return undefined
  const names = table.columns.map((column) => column.name)
  const examples = missing.slice(0, examplesShown).map((row) => nearest(row, extra, names))
  if (missing.length === 0) examples.push(...extra.slice(0, examplesShown).map(shortened))
  return `${source.rows.length} rows, ${copied.length} copied; ${missing.length} missing, ${extra.length} too many: ${examples.join("; ")}`
}

/** The row, or where there is one like it in the copy, just the columns that differ. */
function nearest(row: string, extra: readonly string[], names: readonly string[]): string {
  const values = JSON.parse(row) as unknown[]
  let best: string[] = []
  for (const other of extra.slice(0, 1000)) {
    const others = JSON.parse(other) as unknown[]
    const unequal = values.flatMap((value, index) =>
      value === others[index]
        ? []
        : [`${names[index]} ${shortened(String(value))} became ${shortened(String(others[index]))}`],
    )
    if (best.length === 0 || unequal.length < best.length) best = unequal
  }
  return best.length > 0 && best.length < values.length ? best.join(", ") : shortened(row)
}

const lengthShown = 600

function shortened(row: string): string {
  return row.length <= lengthShown ? row : `${row.slice(0, lengthShown)}… (${row.length} characters)`
}

function counted(rows: (string | null)[][], forms: Form[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const row of rows) {
    const canonical = JSON.stringify(
      row.map((value, index) => (value === null ? null : (forms[index] as Form).canonical(value))),
    )
    counts.set(canonical, (counts.get(canonical) ?? 0) + 1)
  }
  return counts
}

function without(rows: Map<string, number>, others: Map<string, number>): string[] {
  return [...rows].filter(([row, count]) => count > (others.get(row) ?? 0)).map(([row]) => row)
}

/** How a column is asked for on both sides, and what is done with both answers before they are compared. */
interface Form {
  source: string
  warehouse: string
  canonical(text: string): string
}

const asIs = (text: string) => text

const timeTypes = new Set(["date", "timestamp", "timestamptz"])

/** Of a column that is text in the warehouse: what the source prints. */
function textForm(column: SourceColumn): Form {
  const name = quoted(column.name)
  return { source: name, warehouse: name, canonical: asIs }
}

async function textColumns(
  read: Comparison["read"],
  database: string,
  { schema, name }: SourceTable,
): Promise<Set<string | null | undefined>> {
  const [where, table] = [schema, name].map((text) => text.replaceAll("'", "''"))
  const found = await read(
    `SELECT column_name FROM duckdb_columns() WHERE database_name = '${database}' AND schema_name = '${where}' AND table_name = '${table}' AND data_type = 'VARCHAR'`,
  )
  return new Set(found.map(([column]) => column))
}

function formOf(column: SourceColumn): Form {
  const name = quoted(column.name)
  if (column.element !== null) return arrayForm(name, column.element)
  const text = `CAST(${name} AS VARCHAR)`
  const finite = (source: string, warehouse: string): Form => ({
    source: `case when isfinite(${name}) then (${source})::text else ${name}::text end`,
    warehouse: `CASE WHEN isfinite(${name}) THEN CAST(${warehouse} AS VARCHAR) ELSE ${text} END`,
    canonical: asIs,
  })
  switch (column.type) {
    case "bool":
      return { source: `${name}::text`, warehouse: text, canonical: asIs }
    case "float4":
      // The two print different digits for the same float, as short as it goes.
      return { source: name, warehouse: text, canonical: (number) => bitsOf(Math.fround(numberOf(number))) }
    case "float8":
      return { source: name, warehouse: text, canonical: (number) => bitsOf(numberOf(number)) }
    case "date":
      return finite(`${name} - date '1970-01-01'`, `${name} - DATE '1970-01-01'`)
    case "timestamp":
    case "timestamptz":
      // Before version 14 a time with its fraction is a float.
      return finite(
        `(extract(epoch from date_trunc('second', ${name}))::numeric * 1000000 + extract(microseconds from ${name})::numeric % 1000000)::numeric(40, 0)`,
        `epoch_us(${name})`,
      )
    case "bytea":
      return { source: `encode(${name}, 'hex')`, warehouse: `lower(hex(${name}))`, canonical: asIs }
    case "numeric":
      // DuckDB leaves out the zero before the point where the type has no digit there.
      return { source: name, warehouse: text, canonical: (number) => number.replace(/^(-?)\./, "$10.") }
    case "money":
      return { source: `${name}::numeric::numeric(20, 3)`, warehouse: text, canonical: asIs }
    default:
      return { source: name, warehouse: text, canonical: asIs }
  }
}

// Their cast to text is not what they print.
const castOtherwise = new Set(["inet", "cidr", "bpchar", "xml", "char"])
const jsonByItself = new Set(["int2", "int4", "int8", "float4", "float8", "numeric", "bool", "json", "jsonb"])

function arrayForm(name: string, element: string): Form {
  const warehouse = `CAST(${name} AS VARCHAR)`
  if (element === "oid")
    return { source: `array_to_json(${name}::oid[]::int8[])`, warehouse, canonical: canonicalJson }
  if (jsonByItself.has(element))
    return { source: `array_to_json(${name})`, warehouse, canonical: canonicalJson }
  if (!castOtherwise.has(element))
    return { source: `array_to_json(${name}::text[])`, warehouse, canonical: canonicalJson }
  const source = `case when ${name} is not null then coalesce((select json_agg(case when e is not null then format('%s', e) end order by place)
    from unnest(${name}) with ordinality as u(e, place)), '[]') end`
  return { source, warehouse, canonical: canonicalJson }
}

function numberOf(text: string): number {
  return Number(text.replace(/^([+-]?)inf(inity)?$/i, "$1Infinity"))
}

function bitsOf(number: number): string {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(number)
  return bytes.toString("hex")
}

/** Spaces and escapes do not matter, the digits of numbers do. */
function canonicalJson(text: string): string {
  const keepDigits = (_: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" ? `number ${context?.source}` : value
  return JSON.stringify(JSON.parse(text, keepDigits))
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
