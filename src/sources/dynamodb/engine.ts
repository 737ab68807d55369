import type { TableSourceEngine } from "../../engines/source-engine.ts"
import type { Address } from "./client.ts"
import { type DynamoDbConfiguration, dynamoDbFormat } from "./format.ts"
import { parseTableArn } from "./table-arn.ts"

/** The record of DynamoDB among the sources. */
export const dynamoDbEngine: TableSourceEngine<DynamoDbConfiguration> = {
  ...dynamoDbFormat,
  delivery: "tables",
  viewName: "DynamoDB",
  selection: { kind: "whole", databaseOf: ({ arn }) => parseTableArn(arn)?.name ?? "" },
  checkedDatabase: () => "",
  async load() {
    const { openDynamoDbSource } = await import("./source.ts")
    return { open: (configuration) => openDynamoDbSource(addressOf(configuration)) }
  },
}

function addressOf(source: DynamoDbConfiguration): Address {
  const table = parseTableArn(source.arn)
  const { accessKeyId, secretAccessKey } = source
  return {
    tableName: table?.name ?? "",
    region: table?.region ?? "",
    endpoint: source.endpoint,
    credentials:
      accessKeyId === undefined || secretAccessKey === undefined
        ? undefined
        : { accessKeyId, secretAccessKey },
    unnest: source.unnest ?? [],
  }
}
