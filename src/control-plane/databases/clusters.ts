import type { WarehouseConfiguration } from "../../domain/configuration.ts"
import { Fault } from "../../domain/faults.ts"
import type { Tag } from "../../domain/integration.ts"
import type { Caller, ControlPlane } from "../control-plane.ts"
import { requireReader } from "../sql-users/roles.ts"

/** A configured warehouse as its API shows it. */
export interface DescribedCluster {
  warehouse: WarehouseConfiguration
  tags: Tag[]
}

/** A warehouse's other ARN, the one that tags hang on. */
export function clusterArn(
  { region, account }: Pick<ControlPlane, "region" | "account">,
  { cluster }: WarehouseConfiguration,
): string {
  return `arn:aws:redshift:${region}:${account}:cluster:${cluster}`
}

/**
 * All of them, or the one of this identifier (case counts).
 *
 * @throws Fault accessDenied, clusterNotFound.
 */
export async function describeClusters(
  plane: ControlPlane,
  caller: Caller,
  identifier: string | undefined,
): Promise<DescribedCluster[]> {
  requireReader(caller, "describe clusters")
  const found =
    identifier === undefined ? plane.warehouses : [requireCluster(plane, plane.account, identifier)]
  const tags = await plane.store.tags.ofAll(found.map((warehouse) => clusterArn(plane, warehouse)))
  return found.map((warehouse) => ({ warehouse, tags: tags.get(clusterArn(plane, warehouse)) ?? [] }))
}

/** @throws Fault clusterNotFound, also for a cluster of another account: there is none here. */
export function requireCluster(
  plane: ControlPlane,
  account: string,
  identifier: string,
): WarehouseConfiguration {
  const found = plane.warehouses.find(({ cluster }) => cluster === identifier)
  if (found !== undefined && account === plane.account) return found
  throw new Fault("clusterNotFound", `Account ${account} has no cluster ${identifier.slice(0, 63)} here.`)
}
