import type { StatusReport } from "../../control-plane/pipelines/status.ts"
import { askMillrace, type OperationsAccess } from "../asking/operations-request.ts"

export type StatusAccess = OperationsAccess

/** The status of a running Millrace, or a sentence that says why it cannot be had. */
export async function requestStatus(access: StatusAccess): Promise<StatusReport | string> {
  return await askMillrace<StatusReport>(access, { method: "GET", path: "/status" })
}
