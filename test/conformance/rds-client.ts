import { RDSClient } from "@aws-sdk/client-rds"
import type { Credential } from "../../src/domain/configuration.ts"
import { admin, region } from "./served-door.ts"

/** The official client, against our endpoint; no retries, so that one call is one request. */
export function rdsClient(endpoint: string, credential: Credential = admin): RDSClient {
  return new RDSClient({
    endpoint,
    region,
    maxAttempts: 1,
    credentials: { accessKeyId: credential.accessKeyId, secretAccessKey: credential.secretAccessKey },
  })
}
