import assert from "node:assert/strict"
import {
  CreateIntegrationCommand,
  type CreateIntegrationCommandInput,
  RDSClient,
  RDSServiceException,
} from "@aws-sdk/client-rds"
import type { Credential } from "../../../src/domain/configuration.ts"
import { admin, instanceArn, region, targetArn } from "../served-door.ts"

/** The official client, against our endpoint; no retries, so that one call is one request. */
export function rdsClient(endpoint: string, credential: Credential = admin): RDSClient {
  return new RDSClient({
    endpoint,
    region,
    maxAttempts: 1,
    credentials: { accessKeyId: credential.accessKeyId, secretAccessKey: credential.secretAccessKey },
  })
}

/** A create that the door accepts, with a source database of its own. */
export function createCommand(
  name: string,
  more: Partial<CreateIntegrationCommandInput> = {},
): CreateIntegrationCommand {
  return new CreateIntegrationCommand({
    SourceArn: instanceArn,
    TargetArn: targetArn,
    IntegrationName: name,
    DataFilter: `include: ${name.replaceAll("-", "_")}.*.*`,
    ...more,
  })
}

/** The service's refusal of the call; fails when the call is accepted, or ends otherwise. */
export async function refusal(work: Promise<unknown>): Promise<RDSServiceException> {
  const error = await work.then(
    () => assert.fail("the call was accepted"),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof RDSServiceException, `not a service error: ${String(error)}`)
  return error
}
