import type { Transaction } from "kysely"
import { Fault } from "../../domain/faults.ts"
import type { Destination, Integration, IntegrationQuotas } from "../../domain/integration.ts"
import type { StateSchema } from "../schema.ts"

type Db = Transaction<StateSchema>

/** Refuses an integration that another one excludes. Holds only under the creation lock. */
export async function refuseClash(
  db: Db,
  wanted: Integration,
  destinations: readonly Destination[],
): Promise<void> {
  const others = await db
    .selectFrom("integrations")
    .select(["name", "source_arn", "target_arn", "status"])
    .where((eb) => eb.or([eb("name", "=", wanted.name), eb("source_arn", "=", wanted.sourceArn)]))
    .execute()
  for (const other of others) {
    const samePair = other.source_arn === wanted.sourceArn && other.target_arn === wanted.targetArn
    if (other.name !== wanted.name && !samePair) continue
    if (other.status === "deleting") throw beingDeleted(other.name)
    throw new Fault(
      "integrationExists",
      other.name === wanted.name ? nameTaken(wanted) : pairTaken(other.name),
    )
  }
  const creating = others.find(
    (other) => other.source_arn === wanted.sourceArn && other.status === "creating",
  )
  if (creating !== undefined) {
    throw new Fault(
      "conflictingOperation",
      `Integration ${creating.name} is being created from the same source. Wait until that has finished.`,
    )
  }
  await refuseTakenDestination(db, wanted.targetArn, destinations)
}

function beingDeleted(name: string): Fault {
  return new Fault("conflictingOperation", `Integration ${name} is being deleted. Try again when it is gone.`)
}

function nameTaken(wanted: Integration): string {
  return `An integration named ${wanted.name} already exists.`
}

function pairTaken(name: string): string {
  return `Integration ${name} already joins this source to this target.`
}

/** Holds only under the creation lock. */
export async function refuseTakenDestination(
  db: Db,
  targetArn: string,
  destinations: readonly Destination[],
): Promise<void> {
  const folded = destinations.flatMap((destination) => destination.destinationDatabase?.toLowerCase() ?? [])
  if (folded.length === 0) return
  const taken = await db
    .selectFrom("destinations")
    .innerJoin("integrations", "integrations.id", "destinations.integration_id")
    .select(["destinations.destination_database", "integrations.name"])
    .where("destinations.target_arn", "=", targetArn)
    .where(({ eb, fn }) => eb(fn<string>("lower", ["destinations.destination_database"]), "in", folded))
    .executeTakeFirst()
  if (taken === undefined) return await refuseOwnDatabase(db, targetArn, folded)
  throw new Fault(
    "integrationExists",
    `The warehouse database ${taken.destination_database} already belongs to integration ${taken.name}. Choose another name.`,
  )
}

/** What people may write is filled by no integration. */
async function refuseOwnDatabase(db: Db, targetArn: string, folded: readonly string[]): Promise<void> {
  const own = await db
    .selectFrom("own_databases")
    .select("name")
    .where("target_arn", "=", targetArn)
    .where(({ eb, fn }) => eb(fn<string>("lower", ["name"]), "in", folded))
    .executeTakeFirst()
  if (own === undefined) return
  throw new Fault(
    "integrationExists",
    `The warehouse database ${own.name} was made by CREATE DATABASE. Choose another name, or drop it.`,
  )
}

/** Refuses one integration too many. Holds only under the creation lock. */
export async function refuseOverQuota(db: Db, wanted: Integration, quotas: IntegrationQuotas): Promise<void> {
  const counts = await db
    .selectFrom("integrations")
    .select(({ fn }) => [
      fn.countAll<string>().as("all"),
      fn.countAll<string>().filterWhere("target_arn", "=", wanted.targetArn).as("target"),
      fn.countAll<string>().filterWhere("source_arn", "=", wanted.sourceArn).as("source"),
    ])
    .executeTakeFirstOrThrow()
  const refuse = (count: string, limit: number, of: string) => {
    if (Number(count) < limit) return
    throw new Fault("quotaExceeded", `There are already ${count} integrations ${of}; the limit is ${limit}.`)
  }
  refuse(counts.source, quotas.perSource, "of this source")
  refuse(counts.target, quotas.perTarget, "into this target")
  refuse(counts.all, quotas.perAccount, "in this account")
}
