import type { Caller } from "../../control-plane/control-plane.ts"
import { columnKey } from "../../resources/columns.ts"
import type { ResourcePlane } from "../../resources/requests/context.ts"
import { PgError } from "../../wire/pgwire/pg-error.ts"
import { resourceFaultAsPgError } from "../faults.ts"
import type { VirtualCaller, VirtualColumn, VirtualFilter } from "../virtual-table.ts"

/** Only administrators and users with the role `read-only` come here. */
export function callerOf({ user, access }: VirtualCaller): Caller {
  return { name: user, role: access.isSuperuser ? "admin" : "read-only" }
}

/** Whether the statement asks for other regions than the one of this program; without a condition it asks for this one. */
export function isElsewhere({ region }: Pick<ResourcePlane, "region">, filter: VirtualFilter): boolean {
  return filter.valuesOf("region")?.has(region) === false
}

export function missing(table: string, columns: readonly string[], hint: string): PgError {
  return new PgError("42P10", `${table} needs values for: ${columns.join(", ")}`, { hint })
}

/** Finds a column by any of its names: `DomainName`, `domain_name` and `data__DomainName` are one. */
export function columnByKey(columns: readonly VirtualColumn[]): (name: string) => string | undefined {
  const byKey = new Map(columns.map(({ name }) => [columnKey(name), name]))
  return (name) => byKey.get(columnKey(name))
}

/** The work, with a service's refusal as PostgreSQL would say it. */
export async function asPg<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw resourceFaultAsPgError(error)
  }
}
