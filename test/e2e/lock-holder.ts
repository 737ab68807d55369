/** Holds a DuckDB file open, so that no other process can, until it is ended: `node lock-holder.ts FILE`. */
import { DuckDBInstance } from "@duckdb/node-api"

await DuckDBInstance.create(process.argv[2])
process.stdout.write("held\n")
setInterval(() => undefined, 60_000)
