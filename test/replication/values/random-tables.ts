import type { Random } from "../random.ts"
import { composedTypes } from "./composed-types.ts"
import { plainTypes } from "./plain-types.ts"
import { digits, type RandomType } from "./random-values.ts"

/** Random tables over every type, random rows with edge values, random edits. */
export interface Server {
  version: number
  hasXml: boolean
}

/** The embedded server, which has no libxml. */
export const embedded: Server = { version: 18, hasXml: false }

function typesOf({ version, hasXml }: Server): RandomType[] {
  return [...plainTypes, ...composedTypes].filter(
    ({ since = 0, isXml = false }) => since <= version && (hasXml || !isXml),
  )
}

export interface RandomTable {
  name: string
  columns: { name: string; type: RandomType }[]
  /** How many of the columns, from the first, are the key; 0: none, told by all columns. */
  keyColumns: number
  /** Old rows come whole though there is a key. */
  isFull: boolean
}

export function randomTable(random: Random, name: string): RandomTable {
  const types = typesOf(embedded)
  const keys = types.filter((type) => type.isKey)
  const keyColumns = random.below(4)
  const chosen = [
    ...Array.from({ length: keyColumns }, () => random.pick(keys)),
    ...Array.from({ length: 2 + random.below(10) }, () => random.pick(types)),
  ]
  return {
    name,
    keyColumns,
    isFull: random.chance(0.25),
    columns: chosen.map((type, index) => ({ name: `c${index}`, type })),
  }
}

/** A table of every type, with a number as its key. */
export function tableOfAllTypes(name: string, server: Server): RandomTable {
  const number: RandomType = { sql: "integer", edges: ["1"], random: (random) => digits(random, 8) }
  return {
    name,
    keyColumns: 1,
    isFull: false,
    columns: [number, ...typesOf(server)].map((type, index) => ({ name: `c${index}`, type })),
  }
}

/** Large values of these are kept out of the row, so that updates leave them unsent. */
const storedApart = new Set(["text", "varchar(200)", "bytea", "json", "jsonb", "text[]"])

export function createStatements({ name, columns, keyColumns, isFull }: RandomTable): string[] {
  const list = columns.map((column) => `${column.name} ${column.type.sql}`)
  const key = columns.slice(0, keyColumns).map((column) => column.name)
  if (keyColumns > 0) list.push(`PRIMARY KEY (${key.join(", ")})`)
  const apart = columns.filter(({ type }, index) => index >= keyColumns && storedApart.has(type.sql))
  return [
    `CREATE TABLE ${name} (${list.join(", ")})`,
    ...apart.map((column) => `ALTER TABLE ${name} ALTER ${column.name} SET STORAGE EXTERNAL`),
    ...(keyColumns > 0 && !isFull ? [] : [`ALTER TABLE ${name} REPLICA IDENTITY FULL`]),
  ]
}

function value(random: Random, type: RandomType, isKey: boolean): string {
  if (!isKey && random.chance(0.15)) return "NULL"
  const text = type.random !== undefined && random.chance(0.5) ? type.random(random) : random.pick(type.edges)
  return `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'::${type.sql}`
}

export function insertStatement(
  random: Random,
  { name, columns, keyColumns }: RandomTable,
  rows: number,
): string {
  const tuples = Array.from(
    { length: rows },
    () => `(${columns.map(({ type }, index) => value(random, type, index < keyColumns)).join(", ")})`,
  )
  return `INSERT INTO ${name} VALUES ${tuples.join(", ")} ON CONFLICT DO NOTHING`
}

/** Every edge value of every column at least once. */
export function edgeRows({ name, columns, keyColumns }: RandomTable): string[] {
  const most = Math.max(...columns.map(({ type }) => type.edges.length))
  return Array.from({ length: most }, (_, row) => {
    const values = columns.map(({ type }, index) => {
      if (index < keyColumns) return String(row)
      const edge = type.edges[row % type.edges.length] ?? ""
      return `E'${edge.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'::${type.sql}`
    })
    return `INSERT INTO ${name} VALUES (${values.join(", ")})`
  })
}

/** An edit of some rows; one that would break a key is given up inside its block. */
export function editStatement(random: Random, table: RandomTable): string {
  const some = `ctid IN (SELECT ctid FROM ${table.name} ORDER BY ctid OFFSET ${random.below(8)} LIMIT ${1 + random.below(6)})`
  const kind = random.below(20)
  if (kind < 6) return insertStatement(random, table, 1 + random.below(5))
  if (kind < 9) return `DELETE FROM ${table.name} WHERE ${some}`
  if (kind === 9) return `TRUNCATE ${table.name}`
  const sets = table.columns.flatMap(({ name, type }, index) => {
    const isKey = index < table.keyColumns
    return random.chance(isKey ? 0.2 : 0.4) ? [`${name} = ${value(random, type, isKey)}`] : []
  })
  if (sets.length === 0) sets.push("c0 = c0")
  return `DO $do$ BEGIN UPDATE ${table.name} SET ${sets.join(", ")} WHERE ${some}; EXCEPTION WHEN unique_violation THEN NULL; END $do$`
}
