/** Resources that a request makes and that somebody deletes before the request has noted that they were made: they are not made again. */
import { sql, type Transaction } from "kysely"
import { Fault } from "../../domain/faults.ts"
import type { StateSchema } from "../schema.ts"

/** In the transaction that removes the resource: an open request that made it has made its effect. */
export async function noteRemoved(transaction: Transaction<StateSchema>, identifier: string): Promise<void> {
  await sql`update millrace.resource_requests set stage = 'made'
    where identifier = ${identifier} and operation = 'CREATE' and stage <> 'made'`.execute(transaction)
}

/**
 * In the transaction that makes the resource, behind its row: a removal that the row waited for is seen then.
 *
 * @throws Fault conflictingOperation (it was made before, and removed)
 */
export async function refuseSecondCreation(
  transaction: Transaction<StateSchema>,
  identifier: string,
): Promise<void> {
  const { rows } = await sql`select 1 from millrace.resource_requests
    where identifier = ${identifier} and operation = 'CREATE' and stage = 'made' limit 1`.execute(transaction)
  if (rows.length > 0)
    throw new Fault(
      "conflictingOperation",
      "The resource was created by this request before, and deleted since.",
    )
}
