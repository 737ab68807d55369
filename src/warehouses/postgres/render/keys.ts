/** How rows are told apart by their key, and the index that finds them. */
import { randomBytes } from "node:crypto"
import type { Column, TableSchema } from "../../../domain/table.ts"
import { doBlock, quoteIdentifier } from "../quoting.ts"
import { comparable } from "../types/canonical.ts"
import { nativeType } from "../types/native-type.ts"

/** What the names of our constraints and indexes begin with. */
export const keyPrefix = "millrace_key_"

export function keyColumns({ key, columns }: TableSchema): Column[] {
  return (key ?? []).map((index) => columns[index] as Column)
}

/** Names of the key's columns, quoted. */
export function keyNames(schema: TableSchema): string[] {
  return keyColumns(schema).map(({ name }) => quoteIdentifier(name))
}

/** A value of a key's column as the engine can index it: it has no order of json, and its cast to text is fixed. */
export function keyed(value: string, column: Column): string {
  return nativeType(column) === "json" ? `((${value})::text)` : comparable(value, column)
}

/** The key of a row of `prefix` (`t.`, or nothing), as the index has it. */
export function keyValues(schema: TableSchema, prefix: string): string[] {
  return keyColumns(schema).map((column) => keyed(prefix + quoteIdentifier(column.name), column))
}

/** Whether rows of `left` and `right` have the same key. */
export function sameKey(schema: TableSchema, left: string, right: string): string {
  const others = keyValues(schema, right)
  return keyValues(schema, left)
    .map((value, place) => `${value} = ${others[place]}`)
    .join(" AND ")
}

/**
 * The statement that gives a table its key: a primary key where the engine can have one. Names of indexes are unique in their
 * schema, and tables change names and schemas: theirs are drawn.
 */
export function addKey(table: string, schema: TableSchema, keepsVersions: boolean): string[] {
  if (schema.key === undefined) return []
  const name = quoteIdentifier(keyPrefix + randomBytes(8).toString("hex"))
  const values = keyValues(schema, "")
  if (keepsVersions)
    return [`CREATE INDEX ${name} ON ${table} (${values.join(", ")}) WHERE _record_is_active`]
  const index = `CREATE INDEX ${name} ON ${table} (${values.join(", ")})`
  const isPlain = keyColumns(schema).every((column) => keyed("", column) === "")
  const key = isPlain
    ? `ALTER TABLE ${table} ADD CONSTRAINT ${name} PRIMARY KEY (${values.join(", ")})`
    : `CREATE UNIQUE INDEX ${name} ON ${table} (${values.join(", ")})`
  // A column that has just become the key may not tell all rows apart yet.
  return [doBlock(`BEGIN ${key}; EXCEPTION WHEN unique_violation OR not_null_violation THEN ${index}; END`)]
}

/** Takes the table's key away, whatever it is called. */
export function dropKey(table: string): string {
  const ours = `'^${keyPrefix}'`
  return doBlock(`DECLARE one record; BEGIN
    FOR one IN SELECT conname FROM pg_constraint WHERE conrelid = ${regclass(table)} AND contype = 'p' AND conname ~ ${ours} LOOP
      EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', ${regclass(table)}, one.conname);
    END LOOP;
    FOR one IN SELECT i.indexrelid::regclass AS name FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid WHERE i.indrelid = ${regclass(table)} AND c.relname ~ ${ours} LOOP
      EXECUTE format('DROP INDEX %s', one.name);
    END LOOP;
  END`)
}

function regclass(table: string): string {
  return `'${table.replaceAll("'", "''")}'::regclass`
}
