import type { MysqlServer } from "./server.ts"

/**
 * Compares tables of a server with their copies by full content. Both servers bring every value into a canonical form
 * themselves, by ways that share nothing with the code under test.
 */
export interface MysqlComparison {
  /** Runs a query on the warehouse whose columns are all text. */
  read(sql: string): Promise<(string | null)[][]>
  /** The destination database. */
  database: string
  schemas: readonly string[]
}

interface Form {
  source: string
  warehouse: string
  /** Brings what both gave to one form. */
  normal(text: string): string
}

const same = (text: string) => text
/** ZEROFILL is how a server prints a number, not the number. */
const withoutZeroes = (text: string) => text.replace(/^(-?)0+(?=\d)/, "$1")
/** 17 digits tell doubles apart, however they are written. */
const asNumber = (text: string) => (Object.is(Number(text), -0) ? "-0" : String(Number(text)))

function formOf(name: string, dataType: string, columnType: string, isJson: boolean): Form {
  const here = `\`${name.replaceAll("`", "``")}\``
  const there = `"${name.replaceAll('"', '""')}"`
  switch (dataType) {
    case "float":
    case "double":
      return { source: `${here} * 1e0`, warehouse: `${there}::DOUBLE::VARCHAR`, normal: asNumber }
    case "binary":
    case "varbinary":
    case "tinyblob":
    case "blob":
    case "mediumblob":
    case "longblob":
    case "geometry":
    case "point":
    case "vector":
      return { source: `HEX(${here})`, warehouse: `hex(${there})`, normal: same }
    case "bit": {
      const bytes = Math.ceil(Number(/\((\d+)\)/.exec(columnType)?.[1] ?? 1) / 8)
      return { source: `LPAD(HEX(${here}), ${bytes * 2}, '0')`, warehouse: `hex(${there})`, normal: same }
    }
    case "char":
    case "varchar":
    case "tinytext":
    case "text":
    case "mediumtext":
    case "longtext":
    case "enum":
    case "set":
    case "json":
      return {
        source: `HEX(CONVERT(${here} USING utf8mb4))`,
        warehouse: `hex(encode(${there}${isJson ? "::VARCHAR" : ""}))`,
        normal: same,
      }
    case "datetime":
    case "timestamp":
      return {
        source: `CAST(${here} AS CHAR)`,
        warehouse: `${there}::VARCHAR`,
        normal: (text) => text.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, ""),
      }
    case "decimal":
      // The warehouse leaves out the zero before the point where the type has no room for it.
      return {
        source: `CAST(${here} AS CHAR)`,
        warehouse: `${there}::VARCHAR`,
        normal: (text) => withoutZeroes(text).replace(/^(-?)\./, "$10."),
      }
    case "tinyint":
    case "smallint":
    case "mediumint":
    case "int":
    case "bigint":
      return { source: `CAST(${here} AS CHAR)`, warehouse: `${there}::VARCHAR`, normal: withoutZeroes }
    default:
      return { source: `CAST(${here} AS CHAR)`, warehouse: `${there}::VARCHAR`, normal: same }
  }
}

/** MariaDB has no type for JSON: it is text with a check. */
const isJsonOf = {
  MariaDB: `EXISTS (SELECT * FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema
    AND k.table_name = c.table_name AND k.check_clause = concat('json_valid(\`', c.column_name, '\`)'))`,
  MySQL: "c.data_type = 'json'",
} as const

/** What differs, a line for each table that does; nothing if all is equal. */
export async function mysqlDifferences(server: MysqlServer, comparison: MysqlComparison): Promise<string[]> {
  const list = comparison.schemas.map((name) => `'${name}'`).join(", ")
  const columns = await server.rows(
    `SELECT c.table_schema, c.table_name, c.column_name, c.data_type, c.column_type, ${isJsonOf[server.product.name]}
     FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE c.table_schema IN (${list}) AND t.table_type = 'BASE TABLE' ORDER BY 1, 2, c.ordinal_position`,
  )
  const tables = Map.groupBy(columns, ([schema, table]) => `${schema}.${table}`)
  const found: string[] = []
  for (const [name, of] of tables) {
    const difference = await differenceOf(server, comparison, of)
    if (difference !== undefined) found.push(`${name}: ${difference}`)
  }
  return found
}

const examplesShown = 3

async function differenceOf(
  server: MysqlServer,
  { read, database }: MysqlComparison,
  columns: (string | null)[][],
): Promise<string | undefined> {
  const [schema, table] = [columns[0]?.[0] ?? "", columns[0]?.[1] ?? ""]
  const forms = columns.map(([, , name, dataType, columnType, isJson]) =>
    formOf(name ?? "", dataType ?? "", columnType ?? "", isJson === "1"),
  )
  const here = await server.rows(
    `SELECT ${forms.map((form) => form.source).join(", ")} FROM \`${schema}\`.\`${table}\``,
  )
  let there: (string | null)[][]
  try {
    there = await read(
      `SELECT ${forms.map((form) => form.warehouse).join(", ")} FROM "${database}"."${schema}"."${table}"`,
    )
  } catch (error) {
    return `cannot be read in the warehouse: ${(error as Error).message}`
  }
  const textOf = (row: (string | null)[]) =>
    JSON.stringify(row.map((value, index) => (value === null ? null : forms[index]?.normal(value))))
  const missing = without(here.map(textOf), there.map(textOf))
  const extra = without(there.map(textOf), here.map(textOf))
  if (missing.length + extra.length === 0) return undefined
  const names = columns.map(([, , name]) => name ?? "")
  const examples = missing.slice(0, examplesShown).map((row) => nearest(row, extra, names))
  if (missing.length === 0) examples.push(...extra.slice(0, examplesShown).map((row) => row.slice(0, 300)))
  return `${here.length} rows, ${there.length} copied; ${missing.length} missing, ${extra.length} too many: ${examples.join("; ")}`
}

/** As often as they lack them. */
function without(some: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const row of others) counts.set(row, (counts.get(row) ?? 0) + 1)
  return some.filter((row) => {
    const left = counts.get(row) ?? 0
    counts.set(row, left - 1)
    return left <= 0
  })
}

/** The row, or where there is one like it in the copy, just the columns that differ. */
function nearest(row: string, extra: readonly string[], names: readonly string[]): string {
  const values = JSON.parse(row) as (string | null)[]
  let best: string[] = names.map((name, index) => `${name}=${values[index]}`)
  for (const other of extra.slice(0, 1000)) {
    const others = JSON.parse(other) as (string | null)[]
    const unequal = values.flatMap((value, index) =>
      value === others[index] ? [] : [`${names[index]}: ${value} became ${others[index]}`],
    )
    if (unequal.length < best.length) best = unequal
  }
  return best.join(", ").slice(0, 400)
}
