import { type _Record, GetRecordsCommand, GetShardIteratorCommand } from "@aws-sdk/client-dynamodb-streams"
import type { Clients } from "./client.ts"
import { nameOf, problemOf } from "./errors.ts"
import type { ShardPlace } from "./position.ts"

export interface Page {
  records: _Record[]
  /** The shard is closed, and this was the last of it. */
  isLast: boolean
}

/** Reads one shard page by page. */
export interface ShardReader {
  next(signal: AbortSignal): Promise<Page>
}

/** Iterators of shards' ends, by id of the shard: taken at a moment at which nothing had been read of them yet. */
export type EndIterators = Map<string, { iterator: string; takenAtMs: number }>

/** DynamoDB lets go of an iterator after 15 minutes. */
const iteratorLifeMs = 14 * 60_000

/**
 * When a record was made is told in whole minutes by DynamoDB Local, in seconds by the cloud, rounded down; so much
 * before the moment in question may have been made after it. Records from before that are read again then, which
 * changes nothing: the last one of a key wins.
 */
const madeAtMarginMs = 120_000

export async function endIterators(
  clients: Clients,
  streamArn: string,
  places: ReadonlyMap<string, ShardPlace>,
): Promise<EndIterators> {
  const found: EndIterators = new Map()
  for (const [id, place] of places) {
    if (place.kind !== "since") continue
    const takenAtMs = Date.now()
    const iterator = await iteratorOf(clients, streamArn, id, { ShardIteratorType: "LATEST" })
    if (iterator !== undefined) found.set(id, { iterator, takenAtMs })
  }
  return found
}

/** Goes on behind `place()`, which tells how far the shard has been read. */
export function newShardReader(
  clients: Clients,
  streamArn: string,
  shardId: string,
  place: () => ShardPlace,
  ends: EndIterators,
): ShardReader {
  let iterator: string | undefined
  let madeSinceMs = 0
  const open = async () => {
    const at = place()
    const end = ends.get(shardId)
    ends.delete(shardId)
    madeSinceMs = 0
    if (at.kind === "after")
      return await iteratorOf(clients, streamArn, shardId, {
        ShardIteratorType: "AFTER_SEQUENCE_NUMBER",
        SequenceNumber: at.sequenceNumber,
      })
    if (end !== undefined && Date.now() - end.takenAtMs < iteratorLifeMs) return end.iterator
    madeSinceMs = at.kind === "since" ? at.ms - madeAtMarginMs : 0
    return await iteratorOf(clients, streamArn, shardId, { ShardIteratorType: "TRIM_HORIZON" })
  }
  return {
    async next(signal) {
      try {
        iterator ??= await open()
        if (iterator === undefined) return { records: [], isLast: true }
        const answer = await clients.streams.send(new GetRecordsCommand({ ShardIterator: iterator }), {
          abortSignal: signal,
        })
        iterator = answer.NextShardIterator
        const records = (answer.Records ?? []).filter((record) => madeAtMs(record) >= madeSinceMs)
        return { records, isLast: iterator === undefined }
      } catch (error) {
        iterator = undefined
        if (nameOf(error) === "ExpiredIteratorException") return { records: [], isLast: false }
        throw problemOf(error, "reading the stream")
      }
    },
  }
}

export function madeAtMs({ dynamodb }: _Record): number {
  return dynamodb?.ApproximateCreationDateTime?.getTime() ?? 0
}

async function iteratorOf(
  { streams }: Clients,
  streamArn: string,
  shardId: string,
  from:
    | { ShardIteratorType: "LATEST" | "TRIM_HORIZON" }
    | { ShardIteratorType: "AFTER_SEQUENCE_NUMBER"; SequenceNumber: string },
): Promise<string | undefined> {
  const input = { StreamArn: streamArn, ShardId: shardId, ...from }
  return (await streams.send(new GetShardIteratorCommand(input))).ShardIterator
}

/** Whether what follows a place can still be read. Throws Problem when it cannot be found out. */
export async function isKept(
  clients: Clients,
  streamArn: string,
  shardId: string,
  place: ShardPlace,
): Promise<boolean> {
  if (place.kind !== "after") return true
  try {
    await iteratorOf(clients, streamArn, shardId, {
      ShardIteratorType: "AFTER_SEQUENCE_NUMBER",
      SequenceNumber: place.sequenceNumber,
    })
    return true
  } catch (error) {
    if (["TrimmedDataAccessException", "ResourceNotFoundException"].includes(nameOf(error))) return false
    throw problemOf(error, "looking for the stream's history")
  }
}
