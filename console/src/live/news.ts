import type { ServerSentEvent } from "../api/server-sent-events.ts"
import type { IntegrationReport, StatusReport } from "../api/types.ts"
import type { StatusNews } from "./status-store.ts"

/** What an event says of the status; `undefined`: nothing (keep-alives, kinds that later versions may have). */
export function newsOf({ name, data }: ServerSentEvent): StatusNews | undefined {
  if (name !== "status") return undefined
  const { integrations, removed, whole, ...rest } = JSON.parse(data) as Partial<StatusReport> & {
    integrations: IntegrationReport[]
    removed?: string[]
    whole?: boolean
  }
  if (whole === true) return { kind: "whole", status: { integrations, ...rest } as StatusReport }
  return { kind: "changed", integrations, removed: removed ?? [], rest }
}
