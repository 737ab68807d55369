import type { Finding } from "../../replication/contracts/source.ts"
import { configuredAddress } from "./connection/address.ts"
import { connect, type Session } from "./connection/client.ts"
import { problemOf } from "./errors.ts"
import type { RedshiftWarehouseConfiguration } from "./format.ts"
import { quoteIdentifier } from "./quoting.ts"
import { openStagingBucket } from "./staging/bucket.ts"

/** What the warehouse or its bucket lacks, each with what mends it. Writes one small object into the bucket and removes it. */
export async function inspectWarehouse(configuration: RedshiftWarehouseConfiguration): Promise<Finding[]> {
  return [...(await warehouseFindings(configuration)), ...(await bucketFindings(configuration))]
}

async function warehouseFindings(configuration: RedshiftWarehouseConfiguration): Promise<Finding[]> {
  const { layout } = configuration
  let session: Session | undefined
  try {
    session = await connect(configuredAddress(configuration))
    const [row] = await session.rows(
      "SELECT current_user, current_database(), has_database_privilege(current_database(), 'CREATE')",
    )
    const [user = "", database = "", maySchemas] = row ?? []
    if (layout === "databases" || maySchemas === "t" || maySchemas === "true") return []
    return [
      found(
        `User ${user} may not make schemas in database ${database}.`,
        `GRANT CREATE ON DATABASE ${quoteIdentifier(database ?? "")} TO ${quoteIdentifier(user ?? "")};`,
      ),
    ]
  } catch (error) {
    return [
      found(problemOf(error, "connecting").message, "Correct the warehouse's url, or start the warehouse."),
    ]
  } finally {
    await session?.close()
  }
}

async function bucketFindings({ staging }: RedshiftWarehouseConfiguration): Promise<Finding[]> {
  const bucket = openStagingBucket(staging)
  const key = `${staging.prefix === "" ? "" : `${staging.prefix}/`}millrace-check`
  try {
    await bucket.put(key, Buffer.from("millrace check\n"))
    await bucket.remove([key])
    return []
  } catch (error) {
    return [
      found(
        problemOf(error, "staging").message,
        `Let the staging keys do s3:PutObject, s3:DeleteObject and s3:ListBucket in ${staging.bucket}.`,
      ),
    ]
  } finally {
    bucket.close()
  }
}

function found(what: string, remedy: string): Finding {
  return { severity: "error", concerns: "source", what, remedy }
}
