import { ScanCommand } from "@aws-sdk/client-dynamodb"
import { DescribeStreamCommand } from "@aws-sdk/client-dynamodb-streams"
import type { Finding } from "../../replication/contracts/source.ts"
import { hasNewImages, readTable, type TableStream } from "./catalog.ts"
import type { Clients } from "./client.ts"
import { nameOf, problemOf } from "./errors.ts"

/** What a copy and a stream need, each with the step that mends it. Changes nothing. */
export async function inspect(clients: Clients): Promise<Finding[]> {
  const { tableName } = clients.address
  const table = await readTable(clients)
  if (table === undefined)
    return [error(`There is no table ${tableName}.`, "Create it, or correct the ARN in millrace.yaml.")]
  return [...streamFindings(tableName, table.stream), ...(await privilegeFindings(clients, table.stream))]
}

function error(what: string, remedy: string): Finding {
  return { severity: "error", concerns: "source", what, remedy }
}

function streamFindings(tableName: string, stream: TableStream | undefined): Finding[] {
  const switchOn = `aws dynamodb update-table --table-name ${tableName} --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES`
  if (stream === undefined || !stream.isEnabled)
    return [error(`The table ${tableName} has no stream.`, `Switch it on: ${switchOn}`)]
  if (!hasNewImages(stream))
    return [
      error(
        `The stream of ${tableName} is of the kind ${stream.view}, which does not tell what items become.`,
        `Switch it off (StreamEnabled=false), then on with the other kind: ${switchOn}`,
      ),
    ]
  if (stream.view === "NEW_AND_OLD_IMAGES") return []
  return [
    {
      severity: "warning",
      concerns: "source",
      what: `The stream of ${tableName} is of the kind ${stream.view}, without old images: verify can compare only a table that nobody writes to meanwhile.`,
      remedy: `Switch it off (StreamEnabled=false), then on with the other kind: ${switchOn}`,
    },
  ]
}

async function privilegeFindings(
  { tables, streams, address }: Clients,
  stream: TableStream | undefined,
): Promise<Finding[]> {
  const tries: [string, () => Promise<unknown>][] = [
    ["dynamodb:Scan", () => tables.send(new ScanCommand({ TableName: address.tableName, Limit: 1 }))],
  ]
  if (stream !== undefined)
    tries.push([
      "dynamodb:DescribeStream, dynamodb:GetShardIterator, dynamodb:GetRecords",
      () => streams.send(new DescribeStreamCommand({ StreamArn: stream.arn, Limit: 1 })),
    ])
  const findings: Finding[] = []
  for (const [actions, attempt] of tries) {
    try {
      await attempt()
    } catch (refusal) {
      if (nameOf(refusal) !== "AccessDeniedException") throw problemOf(refusal, "checking privileges")
      findings.push(
        error(`The access key may not do ${actions}.`, `Allow ${actions} on the table and its stream.`),
      )
    }
  }
  return findings
}
