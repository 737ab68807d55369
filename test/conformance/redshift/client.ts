import assert from "node:assert/strict"
import { after, before, beforeEach } from "node:test"
import {
  CreateIntegrationCommand,
  type CreateIntegrationCommandOutput,
  RedshiftClient,
  RedshiftServiceException,
} from "@aws-sdk/client-redshift"
import type { Credential } from "../../../src/domain/configuration.ts"
import { admin, region, type ServedDoor, serveDoor, tableArn, targetArn } from "../served-door.ts"

/** The official client, against our endpoint; no retries, so that one call is one request. */
export function redshiftClient(endpoint: string, credential: Credential = admin): RedshiftClient {
  return new RedshiftClient({
    endpoint,
    region,
    maxAttempts: 1,
    credentials: { accessKeyId: credential.accessKeyId, secretAccessKey: credential.secretAccessKey },
  })
}

/** There from before the first test of the block until after its last. */
export interface RedshiftScene {
  readonly door: ServedDoor
  /** The administrator's. */
  readonly client: RedshiftClient
  /** Of a table of DynamoDB, named carts unless said otherwise. */
  create(changes?: object): Promise<CreateIntegrationCommandOutput>
}

/** A door of the `describe` block's own. Before each test these tables of the state database are emptied. */
export function redshiftScene(...emptied: string[]): RedshiftScene {
  let door: ServedDoor
  let client: RedshiftClient
  before(async () => {
    door = await serveDoor()
    client = redshiftClient(door.endpoint)
  })
  after(async () => {
    client.destroy()
    await door.close()
  })
  beforeEach(() => door.sql(`truncate ${emptied.map((table) => `millrace.${table}`).join()} cascade`))
  const usual = { SourceArn: tableArn, TargetArn: targetArn, IntegrationName: "carts" }
  return {
    get door() {
      return door
    },
    get client() {
      return client
    },
    create: (changes) => client.send(new CreateIntegrationCommand({ ...usual, ...changes })),
  }
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
