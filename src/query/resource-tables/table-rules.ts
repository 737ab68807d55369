import type { Caller } from "../../control-plane/control-plane.ts"
import { PgError } from "../../wire/pgwire/pg-error.ts"
import type { VirtualCaller, VirtualFilter } from "../virtual-table.ts"

/** Only administrators come here. */
export function callerOf({ user }: VirtualCaller): Caller {
  return { name: user, role: "admin" }
}

/** @throws PgError 42P10 where the statement does not say. */
export function requireRegion(filter: VirtualFilter, region: string, table: string): "here" | "elsewhere" {
  const regions = filter.valuesOf("region")
  if (regions === undefined) throw missing(table, ["region"], `Add WHERE region = '${region}'.`)
  return regions.has(region) ? "here" : "elsewhere"
}

export function missing(table: string, columns: readonly string[], hint: string): PgError {
  return new PgError("42P10", `${table} needs values for: ${columns.join(", ")}`, { hint })
}
