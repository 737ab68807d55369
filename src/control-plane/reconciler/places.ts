import { type Deadline, startDeadline } from "../../concurrency/deadline.ts"
import type { LeaseOwner } from "../../state/leases.ts"
import type { OwnedPipeline, Reached, Worker, WorkerStore } from "../../state/processes/workers.ts"
import { type MovableGroup, type Placement, placementOf } from "./placement.ts"
import type { Reach } from "./reach.ts"

export interface PlacesOptions {
  workers: WorkerStore
  owner: LeaseOwner
  reach: Pick<Reach, "unreachable" | "reaches" | "unreachableForSure">
  /** Has the reconciler look soon. */
  nudge(): void
  /** Has those of all processes look soon. */
  tell(): Promise<void>
}

/** Which of the pipelines that may run anywhere run here. Asked turn by turn; see `placementOf`. */
export interface Places {
  /** Tells the other processes that this one is there, and what it cannot reach. */
  announce(): Promise<void>
  /** `steady`: groups of this process whose moving interrupts nothing long. */
  look(groups: readonly MovableGroup[], steady: readonly string[]): Promise<Look>
  /** Tells them that this process goes, and answers how many others are there. */
  leave(): Promise<number>
  stop(): void
}

/** What one turn does with them, by the groups' ids. */
export interface Look {
  /** Whether pipelines that nobody owns are taken. */
  takes(id: string): boolean
  taken(id: string): void
  /** Whether the pipelines, of this process, are given away. */
  gives(id: string): boolean
  /** ARNs that the pipelines which are given away cannot reach from here. */
  readonly cutOff: readonly string[]
  /** ARNs that another process does not reach, or is not sure of, and needs. */
  readonly doubted: readonly string[]
}

/** What was given away is for the others. */
const notBackMs = 5_000
/** A host that comes back gets its share by and by: each move interrupts a pipeline for a moment. */
const giveEveryMs = 1_000
/** Nobody has taken what was given. */
const notAgainMs = 60_000
const expiryMarginMs = 20
const turnMs = 1_000

export function newPlaces({ workers, owner, reach, nudge, tell }: PlacesOptions): Places {
  const me = owner.owner
  const times = newTimes()
  let expiry: Deadline | undefined
  /** What this process has said of its network; `undefined`: nothing yet. */
  let announced: string | undefined
  /** ARNs that others do not reach, as last seen. */
  let doubted: readonly string[] = []
  const reached = (): Reached => ({
    unreachable: reach.unreachable().toSorted(),
    reaches: new Map([...reach.reaches()].filter(([arn]) => doubted.includes(arn))),
  })

  async function announce(): Promise<void> {
    const now = reached()
    await workers.put(owner, now)
    const before = announced
    announced = textOf(now)
    if (before !== undefined && before !== announced) await tell()
  }

  /** What runs out before the next turn is seen when it does. */
  function awaitExpiry(owned: readonly OwnedPipeline[]): void {
    expiry?.end()
    const leftMs = Math.min(turnMs, ...owned.filter((one) => one.owner !== me).map((one) => one.leftMs))
    if (leftMs < turnMs) expiry = startDeadline(leftMs + expiryMarginMs, nudge, { keepsAlive: false })
  }

  return {
    announce,
    async look(groups, steady) {
      if (announced !== textOf(reached())) await announce()
      const { workers: there, owned } = await workers.present()
      times.note(groups, new Map(owned.map((one) => [one.pipeline, one.owner])), me)
      awaitExpiry(owned)
      const placement = placementOf({ me, unreachable: reach.unreachable(), workers: there, owned, groups })
      const others = there.filter((one) => one.owner !== me)
      doubted = doubtedBy(others, owned, groups)
      const sure = reach.unreachableForSure(newestOf(others))
      return lookBy({ placement, times, steady, doubted, lacks: lacksOf(groups, sure) })
    },
    async leave() {
      await workers.leave(owner)
      return (await workers.present()).workers.length
    },
    stop: () => expiry?.end(),
  }
}

/** What is remembered from turn to turn, by the groups' ids. */
function newTimes() {
  /** When it was first seen that nobody owns all of them. */
  const freeSince = new Map<string, number>()
  const givenAt = new Map<string, number>()
  return {
    freeSince,
    givenAt,
    nextGiveMs: 0,
    note(groups: readonly MovableGroup[], ownerOf: ReadonlyMap<string, string>, me: string): void {
      const nowMs = performance.now()
      const free = new Set(
        groups.filter(({ keys }) => keys.some((key) => !ownerOf.has(key))).map(({ id }) => id),
      )
      for (const id of freeSince.keys()) if (!free.has(id)) freeSince.delete(id)
      for (const id of free) if (!freeSince.has(id)) freeSince.set(id, nowMs)
      const isAnothers = (key: string) => ownerOf.has(key) && ownerOf.get(key) !== me
      for (const { id, keys } of groups) if (keys.some(isAnothers)) givenAt.delete(id)
    },
  }
}

/** How long ago does not matter. */
function textOf({ unreachable, reaches }: Reached): string {
  return JSON.stringify([unreachable, [...reaches.keys()].toSorted()])
}

/** Milliseconds since a source answered one of them, by ARN. */
function newestOf(others: readonly Worker[]): Map<string, number> {
  const newest = new Map<string, number>()
  for (const { reaches } of others)
    for (const [arn, agoMs] of reaches) newest.set(arn, Math.min(agoMs, newest.get(arn) ?? agoMs))
  return newest
}

/** What these processes do not reach of that which their own pipelines need. */
function doubtedBy(
  others: readonly Worker[],
  owned: readonly OwnedPipeline[],
  groups: readonly MovableGroup[],
): string[] {
  const needs = new Map(groups.flatMap((one) => one.keys.map((key) => [key, one.needs] as const)))
  return others.flatMap(({ owner, unreachable }) => {
    const needed = owned.flatMap((one) => (one.owner === owner ? (needs.get(one.pipeline) ?? []) : []))
    return unreachable.filter((arn) => needed.includes(arn))
  })
}

/** What a group cannot reach from here. */
function lacksOf(groups: readonly MovableGroup[], unreachable: ReadonlySet<string>) {
  const needs = new Map(groups.map((one) => [one.id, one.needs]))
  return (id: string) => (needs.get(id) ?? []).filter((arn) => unreachable.has(arn))
}

interface Looking {
  placement: Placement
  times: ReturnType<typeof newTimes>
  steady: readonly string[]
  doubted: readonly string[]
  lacks(id: string): string[]
}

function lookBy({ placement, times, steady, doubted, lacks }: Looking): Look {
  const nowMs = performance.now()
  const stranded = placement.stranded().filter((id) => lacks(id).length > 0)
  const given = new Set([...stranded, ...placement.misplaced()])
  const surplus = nowMs < times.nextGiveMs ? undefined : placement.surplus(steady)
  if (surplus !== undefined) {
    times.nextGiveMs = nowMs + giveEveryMs
    given.add(surplus)
  }
  for (const id of given) times.givenAt.set(id, nowMs)
  const sinceGivenMs = (id: string) => nowMs - (times.givenAt.get(id) ?? Number.NEGATIVE_INFINITY)
  return {
    doubted,
    cutOff: [...new Set(stranded.flatMap(lacks))],
    gives: (id) => given.has(id),
    takes: (id) =>
      sinceGivenMs(id) >= notBackMs && placement.takes(id, nowMs - (times.freeSince.get(id) ?? nowMs)),
    taken(id) {
      placement.taken()
      if (sinceGivenMs(id) < notAgainMs) times.nextGiveMs = nowMs + notAgainMs
      times.givenAt.delete(id)
    },
  }
}
