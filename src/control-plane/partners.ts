import { Fault } from "../domain/faults.ts"
import type { Partner, PartnerKey, PartnerStatus } from "../domain/partner.ts"
import type { PartnerStore } from "../state/partners.ts"
import type { Caller, ControlPlane } from "./control-plane.ts"
import { requireCluster } from "./databases/clusters.ts"
import { partnerOf, requireAdmin, requireReader } from "./sql-users/roles.ts"

/** A partner on a database of a cluster of an account. */
export type PartnerInput = PartnerKey & { account: string }

/**
 * From now on the partner may report on this database, and load into it. Repeatable: a partner that is there stays
 * as it is.
 *
 * @throws Fault accessDenied, clusterNotFound.
 */
export async function addPartner(plane: ControlPlane, caller: Caller, input: PartnerInput): Promise<void> {
  requireAdmin(caller, "add partners")
  requireCluster(plane, input.account, input.cluster)
  const { cluster, database, partner } = input
  const now = new Date()
  await plane.store.partners.add({
    cluster,
    database,
    partner,
    // The cloud does not say what it starts with. Nothing has been reported, so nothing is connected.
    status: "Inactive",
    statusMessage: undefined,
    createdAt: now,
    updatedAt: now,
  })
}

/**
 * A cluster's partners; a partner sees only itself, and no cluster that it was not added to.
 *
 * @throws Fault accessDenied, clusterNotFound, partnerUnauthorized.
 */
export async function describePartners(
  plane: ControlPlane,
  caller: Caller,
  input: { account: string; cluster: string; database?: string | undefined; partner?: string | undefined },
): Promise<Partner[]> {
  const own = partnerOf(caller)
  const which = {
    cluster: input.cluster,
    ...(input.database !== undefined && { database: input.database }),
    ...(input.partner !== undefined && { partner: input.partner }),
  }
  if (own === undefined) {
    requireReader(caller, "describe partners")
    requireCluster(plane, input.account, input.cluster)
    return await plane.store.partners.list(which)
  }
  const added = await plane.store.partners.list({ cluster: input.cluster, partner: own })
  const foreign = input.partner !== undefined && input.partner !== own
  if (foreign || added.length === 0 || input.account !== plane.account) throw unauthorised(caller, input)
  return added.filter(({ database }) => input.database === undefined || input.database === database)
}

/**
 * @throws Fault accessDenied, clusterNotFound, partnerNotFound; to a partner, for all but its own, partnerUnauthorized.
 */
export async function updatePartnerStatus(
  plane: ControlPlane,
  caller: Caller,
  input: PartnerInput & { status: PartnerStatus; statusMessage?: string | undefined },
): Promise<void> {
  const own = partnerOf(caller)
  if (own === undefined) {
    requireAdmin(caller, "report for partners")
    requireCluster(plane, input.account, input.cluster)
  } else if (own !== input.partner || input.account !== plane.account) {
    throw unauthorised(caller, input)
  }
  const { status, statusMessage } = input
  if (await plane.store.partners.report(input, { status, statusMessage, at: new Date() })) return
  // Whether the cluster or only the partner is missing is none of a partner's business.
  throw own === undefined ? notThere(input) : unauthorised(caller, input)
}

/** The partner may neither report nor load any more. @throws Fault accessDenied, clusterNotFound, partnerNotFound. */
export async function deletePartner(plane: ControlPlane, caller: Caller, input: PartnerInput): Promise<void> {
  requireAdmin(caller, "delete partners")
  requireCluster(plane, input.account, input.cluster)
  if (!(await plane.store.partners.remove(input))) throw notThere(input)
}

/** The databases of a cluster that a partner may load into; asked anew each time, so that a deletion counts at once. */
export async function databasesOfPartner(
  store: PartnerStore,
  cluster: string,
  partner: string,
): Promise<string[]> {
  return (await store.list({ cluster, partner })).map(({ database }) => database)
}

function notThere({ cluster, database, partner }: PartnerKey): Fault {
  return new Fault(
    "partnerNotFound",
    `There is no partner ${partner} for database ${database} of ${cluster}.`,
  )
}

function unauthorised(
  caller: Caller,
  { cluster, database }: { cluster: string; database?: string | undefined },
): Fault {
  const where = database === undefined ? cluster : `database ${database} of ${cluster}`
  return new Fault(
    "partnerUnauthorized",
    `The access key ${caller.name} has the policy ${caller.role}, which is not authorized for ${where}.`,
  )
}
