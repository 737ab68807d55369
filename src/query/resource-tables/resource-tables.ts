import type { ResourcePlane } from "../../resources/requests/context.ts"
import { resourceTypes } from "../../resources/resource-type.ts"
import type { VirtualTable } from "../virtual-table.ts"
import { genericTables } from "./generic-tables.ts"
import { requestTables } from "./request-table.ts"
import { typeTables } from "./type-tables.ts"

/** All tables of the database `awscc`; those of Cloud Control itself are found as `aws.cloud_control.…`, too. */
export function resourceTables(plane: ResourcePlane): VirtualTable[] {
  const generic = [...genericTables(plane), ...requestTables(plane)]
  const ofAws = generic.filter(({ schema }) => schema === "cloud_control")
  return [
    ...[...resourceTypes.values()].flatMap((type) => typeTables(plane, type)),
    ...generic,
    ...ofAws.map((table) => ({ ...table, database: "aws" })),
  ]
}
