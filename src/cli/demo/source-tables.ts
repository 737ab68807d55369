import type { SourceTable } from "./columns.ts"
import type { Ask } from "./compare.ts"

const catalogQuery = `
SELECT n.nspname, c.relname,
  (SELECT json_agg(json_build_object('name', a.attname, 'type', coalesce(base.typname, t.typname), 'category', coalesce(base.typcategory, t.typcategory)) ORDER BY a.attnum)
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type base ON base.oid = nullif(t.typbasetype, 0)
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)::text,
  (SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
    WHERE i.indrelid = c.oid AND i.indisprimary)::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY 1, 2`

/** Every ordinary table of a PostgreSQL database. */
export async function readSourceTables(source: Ask): Promise<SourceTable[]> {
  return (await source(catalogQuery)).map(([schema, name, columns, key]) => ({
    schema: schema ?? "",
    name: name ?? "",
    columns: JSON.parse(columns ?? "[]") as SourceTable["columns"],
    key: JSON.parse(key ?? "[]") as string[],
  }))
}
