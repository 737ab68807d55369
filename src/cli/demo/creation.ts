import { SetupError } from "../../configuration/setup-error.ts"
import { unreachable } from "../../domain/unreachable.ts"
import { integrationName, type Millrace } from "./millrace.ts"
import type { Shop } from "./source.ts"

/** Creates the integration as anyone would: with the official SDK, over HTTP, signed. Answers its ARN. */
export async function createIntegration(
  millrace: Millrace,
  creation: Shop["creation"],
  into: IntegrationPlace = { name: integrationName, targetArn: millrace.configuration.warehouses[0]?.arn },
): Promise<string> {
  const arn = await send(millrace, creation, into)
  if (arn === undefined) throw new SetupError("the integration was created without an ARN")
  return arn
}

/** What an integration is called, and the warehouse that it fills. */
export interface IntegrationPlace {
  name: string
  targetArn: string | undefined
}

async function send(
  millrace: Millrace,
  creation: Shop["creation"],
  into: IntegrationPlace,
): Promise<string | undefined> {
  switch (creation.api) {
    case "rds":
      return await sendToRds(millrace, creation.dataFilter, into)
    case "redshift":
      return await sendToRedshift(millrace, creation.sourceArn, into)
    default:
      return unreachable(creation)
  }
}

async function sendToRds(
  millrace: Millrace,
  DataFilter: string,
  into: IntegrationPlace,
): Promise<string | undefined> {
  const { CreateIntegrationCommand, RDSClient } = await import("@aws-sdk/client-rds")
  const client = new RDSClient(clientOptions(millrace))
  try {
    const command = new CreateIntegrationCommand({ ...namesOf(millrace, into), DataFilter })
    return (await client.send(command)).IntegrationArn
  } finally {
    client.destroy()
  }
}

/** Its SDK is there in a clone only: sources that need it look for it first. */
async function sendToRedshift(
  millrace: Millrace,
  sourceArn: string | undefined,
  into: IntegrationPlace,
): Promise<string | undefined> {
  const { CreateIntegrationCommand, RedshiftClient } = await import("@aws-sdk/client-redshift")
  const client = new RedshiftClient(clientOptions(millrace))
  try {
    const names = { ...namesOf(millrace, into), ...(sourceArn && { SourceArn: sourceArn }) }
    return (await client.send(new CreateIntegrationCommand(names))).IntegrationArn
  } finally {
    client.destroy()
  }
}

function namesOf({ configuration }: Millrace, { name, targetArn }: IntegrationPlace) {
  return { IntegrationName: name, SourceArn: configuration.sources[0]?.arn, TargetArn: targetArn }
}

function clientOptions({ access }: Millrace) {
  const { http, region, accessKeyId, secretAccessKey } = access
  const endpoint = `http://${http.host}:${http.port}`
  return { endpoint, region, credentials: { accessKeyId, secretAccessKey } }
}
