import type { ResourcePlane } from "../../resources/requests/context.ts"
import type { ProgressEvent } from "../../resources/requests/events.ts"
import { resourceRequests } from "../../resources/requests/reads.ts"
import { PgError } from "../../wire/pgwire/pg-error.ts"
import { resourceFaultAsPgError } from "../faults.ts"
import type { Cell, VirtualTable } from "../virtual-table.ts"
import { callerOf, requireRegion } from "./table-rules.ts"

const rowsAtMost = 10_000
const pageSize = 500
const name = "resource_requests"

/** `awscc.cloud_control.resource_requests`: the requests of the last 7 days. */
export function requestTable(plane: ResourcePlane): VirtualTable {
  return {
    name,
    schema: "cloud_control",
    database: "awscc",
    readableBy: "administrators",
    columns: columns.map((column) => ({ name: column, type: column === "eventtime" ? "timestamp" : "text" })),
    rows: async (caller, filter) => {
      if (requireRegion(filter, plane.region, `awscc.cloud_control.${name}`) === "elsewhere") return []
      const found: ProgressEvent[] = []
      let after: string | undefined
      do {
        const page = await resourceRequests(plane, callerOf(caller), {
          filter: {},
          after,
          limit: pageSize,
        }).catch((error: unknown) => {
          throw resourceFaultAsPgError(error)
        })
        found.push(...page.events)
        if (found.length > rowsAtMost)
          throw new PgError("54000", `there are more than ${rowsAtMost} requests`)
        after = page.next
      } while (after !== undefined)
      return found.map((event) => rowOf(event, plane.region))
    },
  }
}

const columns = [
  "errorcode",
  "eventtime",
  "identifier",
  "operation",
  "operationstatus",
  "requesttoken",
  "resourcemodel",
  "statusmessage",
  "typename",
  "region",
] as const

function rowOf(event: ProgressEvent, region: string): Cell[] {
  return [
    event.errorCode,
    event.eventTime,
    event.identifier,
    event.operation,
    event.operationStatus,
    event.requestToken,
    event.resourceModel,
    event.statusMessage,
    event.typeName,
    region,
  ]
}
