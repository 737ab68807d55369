import { tableKey } from "../../domain/table.ts"
import type { Warehouse } from "../../replication/contracts/warehouse.ts"
import { configuredAddress } from "./connection/address.ts"
import type { RedshiftWarehouseConfiguration } from "./format.ts"
import { automaticLayout } from "./render/tables.ts"
import { openStagingBucket } from "./staging/bucket.ts"
import type { CopyAccess } from "./staging/copy-sql.ts"
import { openRedshiftWarehouse } from "./warehouse.ts"

export type OpenConfigured = Pick<
  RedshiftWarehouseConfiguration,
  "url" | "layout" | "signIn" | "staging" | "iamRole" | "layouts"
>

/** A warehouse as it is configured. `close` frees what it holds of the bucket. */
export function openConfigured(configuration: OpenConfigured): { warehouse: Warehouse; close(): void } {
  const { layout, staging, layouts } = configuration
  const bucket = openStagingBucket(staging)
  const warehouse = openRedshiftWarehouse({
    address: configuredAddress(configuration),
    layout,
    bucket,
    prefix: staging.prefix === "" ? "" : `${staging.prefix}/`,
    access: copyAccess(configuration),
    layoutOf: (table) => layouts.get(tableKey(table)) ?? automaticLayout,
  })
  return { warehouse, close: () => bucket.close() }
}

function copyAccess({ staging, iamRole }: OpenConfigured): CopyAccess {
  const { region, accessKeyId, secretAccessKey, sessionToken } = staging
  if (iamRole !== undefined) return { kind: "role", region, arn: iamRole }
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new Error("The staging bucket of the warehouse has neither iam_role nor keys.")
  return { kind: "keys", region, accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) }
}
