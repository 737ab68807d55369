import type { DeadLetterRecord } from "../../state/profile-flows/dead-letters.ts"
import type { RunRecord } from "../../state/profile-flows/runs.ts"
import type { ShownFilter } from "../../state/profiles/shown-rows.ts"
import type { Store } from "../../state/store.ts"
import type { VirtualTable } from "../virtual-table.ts"
import { type ShownColumn, shownTable } from "./shown-table.ts"

/** `customer_profiles.flow_runs` and `.dead_letters`, in every database: what is there when a statement begins. */
export function flowTables({
  flowRuns,
  deadLetters,
}: Pick<Store, "flowRuns" | "deadLetters">): VirtualTable[] {
  return [
    shownTable({ name: "flow_runs", columns: runColumns, read: ofDomains(flowRuns.list) }),
    shownTable({ name: "dead_letters", columns: letterColumns, read: ofDomains(deadLetters.list) }),
  ]
}

/** @param list of a domain, or of all */
function ofDomains<Row>(list: (domain: string | undefined, limit: number) => Promise<Row[]>) {
  return async ({ domainName }: ShownFilter, limit: number): Promise<Row[]> => {
    if (domainName === undefined) return await list(undefined, limit)
    return (await Promise.all(domainName.map((domain) => list(domain, limit)))).flat()
  }
}

const runColumns: readonly ShownColumn<RunRecord>[] = [
  { name: "domain_name", type: "text", cell: ({ domain }) => domain, filters: "domainName" },
  { name: "integration_uri", type: "text", cell: ({ uri }) => uri },
  { name: "run_id", type: "text", cell: ({ id }) => id },
  { name: "object_type_name", type: "text", cell: ({ objectType }) => objectType },
  { name: "status", type: "text", cell: ({ status }) => status },
  { name: "error_info", type: "text", cell: ({ errorInfo }) => errorInfo },
  { name: "records_processed", type: "bigint", cell: ({ recordsProcessed }) => recordsProcessed },
  { name: "records_ingested", type: "bigint", cell: ({ recordsIngested }) => recordsIngested },
  { name: "records_filtered", type: "bigint", cell: ({ recordsFiltered }) => recordsFiltered },
  { name: "records_refused", type: "bigint", cell: ({ recordsRefused }) => recordsRefused },
  { name: "bytes_processed", type: "bigint", cell: ({ bytesProcessed }) => bytesProcessed },
  { name: "attempts", type: "bigint", cell: ({ attempts }) => attempts },
  { name: "started_at", type: "timestamp", cell: ({ startedAt }) => startedAt },
  { name: "ended_at", type: "timestamp", cell: ({ endedAt }) => endedAt },
]

const letterColumns: readonly ShownColumn<DeadLetterRecord>[] = [
  { name: "domain_name", type: "text", cell: ({ domain }) => domain, filters: "domainName" },
  { name: "letter_number", type: "text", cell: ({ number }) => number },
  { name: "object_type_name", type: "text", cell: ({ objectType }) => objectType },
  { name: "integration_uri", type: "text", cell: ({ integrationUri }) => integrationUri },
  { name: "reason", type: "text", cell: ({ reason }) => reason },
  { name: "message", type: "text", cell: ({ message }) => message },
  { name: "object", type: "text", cell: ({ object }) => object },
  { name: "happened_at", type: "timestamp", cell: ({ happenedAt }) => happenedAt },
]
