import type pg from "pg"
import type { Position } from "../../../domain/position.ts"
import { Problem } from "../../../domain/problems.ts"
import { lsnOf, originOf, type ServerIdentity, type Witness } from "./position.ts"

/**
 * A server that was put back to an earlier time has a history of its own from there on, in which our position means
 * something else, or nothing yet. It is told by what a position carries beside its place in the log:
 *
 * - the cluster's identity: another cluster has another;
 * - the timeline: a promotion and a restore from an archive begin a new one, and the server knows where it left the
 *   old: at our position or behind it is a promotion that we can follow, before it our position is not part of it;
 * - the last commit that came to us (place, transaction id, time): a copy of the files shows neither of the others.
 *   If the slot does not confirm that this server knows us to have that commit, the server must send it once more.
 */

/** `client` speaks the replication protocol. */
export async function identifyServer(client: pg.Client): Promise<ServerIdentity> {
  const { rows } = await client.query<{ systemid: string; timeline: number }>("IDENTIFY_SYSTEM")
  const [row] = rows
  if (row === undefined) throw new Problem("sourceProtocol", "The source does not say which server it is.")
  return { system: String(row.systemid), timeline: Number(row.timeline) }
}

/** `client` speaks the replication protocol. Throws Problem `sourceRestored`. */
export async function refuseOtherTimeline(client: pg.Client, from: Position): Promise<void> {
  const origin = originOf(from)
  if (origin === undefined) return
  const now = await identifyServer(client)
  if (now.system !== origin.system) throw restored("It is another cluster than before.")
  if (now.timeline === origin.timeline) return
  const left =
    now.timeline > origin.timeline ? await whereLeft(client, now.timeline, origin.timeline) : undefined
  if (left !== undefined && left >= lsnOf(from)) return
  throw restored(
    `Its timeline ${now.timeline} does not hold what came before on timeline ${origin.timeline}.`,
  )
}

/** The position at which the history of timeline `to` left timeline `from`; `undefined`: `from` is not in its history. */
async function whereLeft(client: pg.Client, to: number, from: number): Promise<bigint | undefined> {
  const { rows } = await client.query<string[]>({
    text: `TIMELINE_HISTORY ${to}`,
    rowMode: "array",
    types: { getTypeParser: () => (text: string) => text },
  })
  // One line for each timeline before: its number, where it was left, and why.
  for (const line of (rows[0]?.[1] ?? "").split("\n")) {
    const [timeline, lsn] = line.trim().split(/\s+/)
    if (Number(timeline) === from && lsn !== undefined && /^[0-9A-F]+\/[0-9A-F]+$/i.test(lsn))
      return lsnOf(lsn as Position)
  }
  return undefined
}

/** Where a stream begins, and what the server has to send first to show that it is the one we know. */
export interface Beginning {
  start: bigint
  /** Transactions whose commit record lies before this are in the warehouse. */
  given: bigint
  expected: Witness | undefined
}

/** `confirmed`: the slot's confirmed_flush_lsn. Throws Problem `sourceRestored`. */
export function beginningOf(from: Position, confirmed: bigint): Beginning {
  const origin = originOf(from)
  if (origin === undefined) return { start: lsnOf(from), given: 0n, expected: undefined }
  const { base, witness } = origin
  // Not the position itself: a server put back to between the two has written other things there.
  if (confirmed >= base) return { start: base, given: base, expected: undefined }
  if (witness === undefined) throw restored("Its slot lies before our copy.")
  return { start: witness.commitLsn, given: base, expected: witness }
}

/** Of a Begin message. */
export function witnessOf(bytes: Buffer, start: number): Witness {
  return {
    commitLsn: bytes.readBigUInt64BE(start + 1),
    committedAt: bytes.readBigInt64BE(start + 9),
    xid: bytes.readUInt32BE(start + 17),
  }
}

export function isSameWitness(a: Witness, b: Witness): boolean {
  return a.commitLsn === b.commitLsn && a.xid === b.xid && a.committedAt === b.committedAt
}

export function refuseOtherWitness(): never {
  throw restored("The last transaction that came from it is not in its history.")
}

function restored(why: string): Problem {
  return new Problem("sourceRestored", `The source was put back to an earlier time, or replaced. ${why}`)
}
