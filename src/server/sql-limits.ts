import { statfs } from "node:fs/promises"
import type { Configuration } from "../domain/configuration.ts"
import type { SqlPortOptions } from "../front-doors/sql/sql-port.ts"
import type { QueryOptions } from "./registries.ts"

/** Of the warehouse's memory; the rest is left to replication. */
const shareOfOne = 0.5
const shareOfUser = 0.6
const shareOfAll = 0.75
/** The process itself comes and goes by as much. */
const leastStatementBytes = 512 * 2 ** 20
const shareOfFreeDisk = 0.25

export interface SqlLimits {
  port: SqlPortOptions["limits"] & object
  engine: Pick<QueryOptions, "memory" | "statementTimeoutMs">
}

/** The limits of the SQL port and of the queries behind it, with what is not configured taken from the machine. */
export async function sqlPortLimits(
  { sqlLimits, dataDir }: Pick<Configuration, "sqlLimits" | "dataDir">,
  warehouseMemoryBytes: number,
): Promise<SqlLimits> {
  const { connections, connectionsPerUser, loginsPerAddress } = sqlLimits
  const { statementTimeoutMs, statementMemoryBytes, statementSpillBytes } = sqlLimits
  const statementBytes =
    statementMemoryBytes ?? Math.max(leastStatementBytes, warehouseMemoryBytes * shareOfOne)
  const { bavail, bsize } = await statfs(dataDir)
  return {
    port: { connections, connectionsPerUser, loginsPerAddress },
    engine: {
      statementTimeoutMs: statementTimeoutMs ?? 0,
      memory: {
        statementBytes,
        // Whoever allows one statement more than that means it.
        allBytes: Math.max(statementBytes, warehouseMemoryBytes * shareOfAll),
        userBytes: Math.max(statementBytes, warehouseMemoryBytes * shareOfUser),
        spillBytes: statementSpillBytes ?? bavail * bsize * shareOfFreeDisk,
      },
    },
  }
}
