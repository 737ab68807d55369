import { call } from "../api/client.ts"
import type { ResyncOrdered, VerificationReport } from "../api/types.ts"

function pathOf(integrationId: string, what: "resync" | "verify"): string {
  return `integrations/${encodeURIComponent(integrationId)}/${what}`
}

/** @param table `schema.table`; absent: all @throws ApiError */
export async function resync(integrationId: string, table?: string): Promise<ResyncOrdered> {
  const body = table === undefined ? {} : { table }
  return await call<ResyncOrdered>(pathOf(integrationId, "resync"), { method: "POST", body })
}

export interface VerifyOrder {
  table?: string
  repair: boolean
}

/** @throws ApiError */
export async function verify(integrationId: string, order: VerifyOrder): Promise<VerificationReport> {
  return await call<VerificationReport>(pathOf(integrationId, "verify"), { method: "POST", body: order })
}

/** State `never` where nothing was ever compared. @throws ApiError */
export async function latestVerification(integrationId: string): Promise<VerificationReport> {
  return await call<VerificationReport>(pathOf(integrationId, "verify"))
}
