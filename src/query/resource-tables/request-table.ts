import type { Caller } from "../../control-plane/control-plane.ts"
import { ResourceFault } from "../../resources/faults.ts"
import { parseModel } from "../../resources/json-text.ts"
import type { ResourcePlane } from "../../resources/requests/context.ts"
import type { ProgressEvent } from "../../resources/requests/events.ts"
import { resourceRequest, resourceRequests } from "../../resources/requests/reads.ts"
import type { RequestFilter } from "../../state/resources/requests.ts"
import { PgError } from "../../wire/pgwire/pg-error.ts"
import { resourceFaultAsPgError } from "../faults.ts"
import type { Cell, VirtualFilter, VirtualTable } from "../virtual-table.ts"
import { asPg, callerOf, columnByKey, isElsewhere, missing } from "./table-rules.ts"

const rowsAtMost = 10_000
const pageSize = 500

/** @param what `requests`, `resources`. */
export function tooMany(what: string): PgError {
  return new PgError("54000", `there are more than ${rowsAtMost} ${what}: ask for fewer of them`)
}

/** Which of the requests a view of them shows. */
const views: Record<string, (event: ProgressEvent) => boolean> = {
  vw_successful_requests: ({ operationStatus }) => operationStatus === "SUCCESS",
  vw_failed_requests: ({ operationStatus }) => operationStatus === "FAILED",
  vw_cancelled_requests: ({ operationStatus }) => operationStatus.startsWith("CANCEL"),
  vw_pending_requests: ({ operationStatus }) => ["PENDING", "IN_PROGRESS"].includes(operationStatus),
  vw_create_requests: ({ operation }) => operation === "CREATE",
  vw_update_requests: ({ operation }) => operation === "UPDATE",
  vw_delete_requests: ({ operation }) => operation === "DELETE",
}

/** The requests of the last 7 days: all, one by its token, and those of each kind. */
export function requestTables(plane: ResourcePlane): VirtualTable[] {
  const some = Object.entries(views).map(([name, isOf]) => tableOf(plane, name, { isOf }))
  const one = tableOf(plane, "resource_request", { isOf: () => true, isByToken: true })
  return [tableOf(plane, "resource_requests", { isOf: () => true }), one, ...some]
}

interface Shown {
  isOf(event: ProgressEvent): boolean
  /** The statement must name a token. */
  isByToken?: true
}

function tableOf(plane: ResourcePlane, name: string, { isOf, isByToken }: Shown): VirtualTable {
  return {
    ...{ name, schema: "cloud_control", database: "awscc", readableBy: "readers", columns },
    columnNamed: columnByKey(columns),
    rows: async (caller, filter) => {
      if (isElsewhere(plane, filter)) return []
      const tokens = filter.valuesOf("request_token")
      if (tokens === undefined && isByToken === true)
        throw missing(`awscc.cloud_control.${name}`, ["RequestToken"], "Add WHERE RequestToken = ….")
      const events =
        tokens === undefined
          ? await all(plane, callerOf(caller), filter)
          : await each(plane, callerOf(caller), [...tokens].map(String))
      const written = filter.valuesOf("resource_request_status_filter")
      return events.filter(isOf).map((event) => rowOf(event, plane.region, [...(written ?? [])][0]))
    },
    explain: async (filter) =>
      [...(filter.valuesOf("request_token") ?? [])]
        .map((token) => `GetResourceRequestStatus ${token}`)
        .concat(
          filter.valuesOf("request_token") === undefined
            ? [`ListResourceRequests ${filterText(filter)}`]
            : [],
        ),
  }
}

async function each(
  plane: ResourcePlane,
  caller: Caller,
  tokens: readonly string[],
): Promise<ProgressEvent[]> {
  const found: ProgressEvent[] = []
  for (const token of tokens) {
    try {
      found.push(await resourceRequest(plane, caller, token))
    } catch (error) {
      if (!(error instanceof ResourceFault) || error.kind !== "requestTokenNotFound")
        throw resourceFaultAsPgError(error)
    }
  }
  return found
}

async function all(plane: ResourcePlane, caller: Caller, filter: VirtualFilter): Promise<ProgressEvent[]> {
  const found: ProgressEvent[] = []
  const wanted = statusFilter(filter)
  let after: string | undefined
  do {
    const page = await asPg(() => resourceRequests(plane, caller, { filter: wanted, after, limit: pageSize }))
    found.push(...page.events)
    if (found.length > rowsAtMost) throw tooMany("requests")
    after = page.next
  } while (after !== undefined)
  return found
}

function filterText(filter: VirtualFilter): string {
  return JSON.stringify(statusFilter(filter))
}

/** `{"Operations": […], "OperationStatuses": […]}`, as the API takes it. @throws PgError 22023 */
function statusFilter(filter: VirtualFilter): RequestFilter {
  const [text] = [...(filter.valuesOf("resource_request_status_filter") ?? [])].map(String)
  if (text === undefined) return {}
  try {
    const { Operations, OperationStatuses, ...others } = parseModel(text, "ResourceRequestStatusFilter")
    const [operations, statuses] = [textsOf(Operations), textsOf(OperationStatuses)]
    // Values that no request has find none.
    if (Object.keys(others).length === 0) return { operations, statuses } as RequestFilter
  } catch (error) {
    throw resourceFaultAsPgError(error)
  }
  throw new PgError("22023", "ResourceRequestStatusFilter has Operations and OperationStatuses")
}

function textsOf(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.length > 0 ? value.map(String) : undefined
}

const columns = [
  "error_code",
  "event_time",
  "identifier",
  "operation",
  "operation_status",
  "request_token",
  "resource_model",
  "status_message",
  "type_name",
  "region",
  "resource_request_status_filter",
].map((name) => ({ name, type: name === "event_time" ? ("timestamp" as const) : ("text" as const) }))

function rowOf(event: ProgressEvent, region: string, filter: unknown): Cell[] {
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
    typeof filter === "string" ? filter : undefined,
  ]
}
