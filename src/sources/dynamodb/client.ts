import { DynamoDBClient } from "@aws-sdk/client-dynamodb"
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams"
import { markNames, unmarkNames } from "./values/attribute-names.ts"

/** Which table, and how to reach it. Without an endpoint, the cloud's own; without keys, those of the environment. */
export interface Address {
  tableName: string
  region: string
  endpoint: string | undefined
  credentials: { accessKeyId: string; secretAccessKey: string } | undefined
  /** Top-level attributes that have a column of their own, as text. */
  unnest: readonly string[]
}

export interface Clients {
  address: Address
  tables: DynamoDBClient
  streams: DynamoDBStreamsClient
}

const connectLimitMs = 5_000
const answerLimitMs = 30_000

/** The SDK waits and asks again when it is told to slow down; beyond that the pipeline's own retries begin. */
const attempts = 5

export function openClients(address: Address): Clients {
  const options = {
    region: address.region,
    maxAttempts: attempts,
    requestHandler: { connectionTimeout: connectLimitMs, requestTimeout: answerLimitMs },
    ...(address.endpoint === undefined ? {} : { endpoint: address.endpoint }),
    ...(address.credentials === undefined ? {} : { credentials: address.credentials }),
  }
  const tables = new DynamoDBClient(options)
  const streams = new DynamoDBStreamsClient(options)
  // Nearest to the wire: the SDK's own reading and writing of JSON is around them.
  tables.middlewareStack.add(
    (next) => async (args) => {
      unmarkNames(args.request)
      return await next(args)
    },
    { step: "build", priority: "high", name: "unmarkNames" },
  )
  tables.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args)
      await markNames(answer.response)
      return answer
    },
    { step: "deserialize", priority: "low", name: "markNames" },
  )
  streams.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args)
      await markNames(answer.response)
      return answer
    },
    { step: "deserialize", priority: "low", name: "markNames" },
  )
  return { address, tables, streams }
}
