import assert from "node:assert/strict"
import { RedshiftClient, RedshiftServiceException } from "@aws-sdk/client-redshift"
import type { Credential } from "../../src/domain/configuration.ts"
import { admin, region } from "./served-door.ts"

/** The official client, against our endpoint; no retries, so that one call is one request. */
export function redshiftClient(endpoint: string, credential: Credential = admin): RedshiftClient {
  return new RedshiftClient({
    endpoint,
    region,
    maxAttempts: 1,
    credentials: { accessKeyId: credential.accessKeyId, secretAccessKey: credential.secretAccessKey },
  })
}

/** The wire code of the service's refusal; fails when the call is accepted, or ends otherwise. */
export async function refusalCode(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail("the call was accepted"),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof RedshiftServiceException, `not a service error: ${String(error)}`)
  // Clients name an error by its shape; what came over the wire is its Code.
  return "Code" in error && typeof error.Code === "string" ? error.Code : error.name
}
