import { CustomerProfilesClient } from "@aws-sdk/client-customer-profiles"
import { admin, region } from "../served-door.ts"

/** The official client. */
export function customerProfilesClient(endpoint: string, credentials = admin): CustomerProfilesClient {
  return new CustomerProfilesClient({ endpoint, region, maxAttempts: 1, credentials })
}

/** Code and HTTP status of a refusal; fails when the call goes well. */
export async function refusal(call: Promise<unknown>): Promise<[code: string, status: number]> {
  try {
    await call
  } catch (error) {
    if (error instanceof Error && "$metadata" in error)
      return [error.name, (error.$metadata as { httpStatusCode: number }).httpStatusCode]
    throw error
  }
  throw new Error("the call was not refused")
}
