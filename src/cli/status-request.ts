import type { StatusReport } from "../control-plane/pipelines/status.ts"
import { askMillrace, type OperationsAccess } from "./operations-request.ts"

export type StatusAccess = OperationsAccess

/** Asks a running Millrace how it is: the report, or in words what keeps us from it. */
export async function requestStatus(access: StatusAccess): Promise<StatusReport | string> {
  return await askMillrace<StatusReport>(access, { method: "GET", path: "/status" })
}
