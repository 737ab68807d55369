import { DescribeStreamCommand } from "@aws-sdk/client-dynamodb-streams"
import type { Clients } from "./client.ts"
import { nameOf, problemOf } from "./errors.ts"
import type { ShardPlace } from "./position.ts"

/** A shard as DynamoDB lists it. */
export interface Shard {
  id: string
  parentId: string | undefined
  /** It takes no more records. */
  isClosed: boolean
}

export interface ShardList {
  isEnabled: boolean
  shards: Shard[]
}

/** `undefined`: there is no such stream (any more). Throws Problem. */
export async function listShards({ streams }: Clients, streamArn: string): Promise<ShardList | undefined> {
  const shards: Shard[] = []
  let from: string | undefined
  try {
    for (;;) {
      const { StreamDescription: found } = await streams.send(
        new DescribeStreamCommand({ StreamArn: streamArn, ExclusiveStartShardId: from }),
      )
      for (const { ShardId, ParentShardId, SequenceNumberRange } of found?.Shards ?? [])
        shards.push({
          id: ShardId ?? "",
          parentId: ParentShardId,
          isClosed: SequenceNumberRange?.EndingSequenceNumber !== undefined,
        })
      from = found?.LastEvaluatedShardId
      if (from === undefined)
        return { isEnabled: found?.StreamStatus === "ENABLED" || found?.StreamStatus === "ENABLING", shards }
    }
  } catch (error) {
    if (nameOf(error) === "ResourceNotFoundException") return undefined
    throw problemOf(error, "listing the stream's shards")
  }
}

/** Where each shard is to be read from by somebody who begins now: what was written before is of no interest. */
export function placesOfNow(shards: readonly Shard[], nowMs: number): Map<string, ShardPlace> {
  return new Map(
    shards.map(({ id, isClosed }) => [id, isClosed ? { kind: "end" } : { kind: "since", ms: nowMs }]),
  )
}

/**
 * Shards to be read now: a shard's records come after all of its parent's. One that is not known yet is read from its
 * very beginning, and joins `places`; one that DynamoDB no longer lists has been read to its end, and leaves them.
 */
export function readable(places: Map<string, ShardPlace>, shards: readonly Shard[]): string[] {
  const listed = new Set(shards.map(({ id }) => id))
  for (const [id, place] of places) if (place.kind === "end" && !listed.has(id)) places.delete(id)
  const isRead = (id: string | undefined) =>
    id === undefined || !listed.has(id) || places.get(id)?.kind === "end"
  return shards.flatMap(({ id, parentId }) => {
    const place = places.get(id)
    if (place?.kind === "end" || (place === undefined && !isRead(parentId))) return []
    if (place === undefined) places.set(id, { kind: "since", ms: 0 })
    return [id]
  })
}
