import type { OwnedPipeline, Worker } from "../../state/processes/workers.ts"

/** The pipelines of an integration, which may run at any host. One host has all of them: its process tells the integration's status. */
export interface MovableGroup {
  /** Of the integration. */
  id: string
  /** Its pipelines, as leases name them. */
  keys: readonly string[]
  /** ARNs of its source and its warehouse. */
  needs: readonly string[]
}

export interface Situation {
  /** This process, as leases name it. */
  me: string
  /** ARNs that this process cannot reach. */
  unreachable: readonly string[]
  workers: readonly Worker[]
  owned: readonly OwnedPipeline[]
  groups: readonly MovableGroup[]
}

/** How the pipelines that may run at any host are shared by the processes that are there. Groups are named by their ids. */
export interface Placement {
  /** Whether this process takes the pipelines of a group that nobody has owned for `freeMs`. */
  takes(id: string, freeMs: number): boolean
  /** Counts a pipeline that this process has taken since. */
  taken(): void
  /** Groups of this process that it cannot run, and that another process can. */
  stranded(): string[]
  /** Groups whose pipelines are shared between this process and another one: all of a group belong into one process. */
  misplaced(): string[]
  /** A group of `candidates`, all of this process, that a process with fewer pipelines is to have; `undefined`: none is. */
  surplus(candidates: readonly string[]): string | undefined
}

/** What those who are below their share leave free for so long is taken by whoever can run it. */
const anyAbleAfterMs = 3_000
/** And then by whoever is there: what a process says of its reach may be wrong. */
const anyoneAfterMs = 10_000
/** A process that ends soon after each start is given nothing, or each of its starts would interrupt pipelines. */
const steadyAfterMs = 5_000

interface Counted extends Worker {
  /** Pipelines that it has. */
  count: number
}

interface Placed extends MovableGroup {
  /** Who has its first pipeline that somebody has. */
  owner: string | undefined
  isMineInPart: boolean
  /** Somebody can run it. */
  isRunnable: boolean
  able: readonly Counted[]
}

/** Decides by what is known of all, in each process alike, so that they need not ask one another. */
export function placementOf({ me, unreachable, workers, owned, groups }: Situation): Placement {
  const ownerOf = new Map(owned.map(({ pipeline, owner }) => [pipeline, owner]))
  const all = counted(workers, { me, unreachable })
  for (const { keys } of groups) for (const key of keys) count(all, ownerOf.get(key))
  const mine = all.get(me) as Counted
  const placed = new Map(
    groups.map((group): [string, Placed] => {
      const owners = group.keys.flatMap((key) => ownerOf.get(key) ?? [])
      const able = ableOf([...all.values()], group.needs)
      const isRunnable = able.every(({ unreachable }) => !lacksSome(group.needs, unreachable))
      const isMineInPart = owners.includes(me)
      return [group.id, { ...group, owner: owners[0], isMineInPart, isRunnable, able }]
    }),
  )
  const share = shareOf(mine, [...placed.values()])
  const idsOf = (which: (group: Placed) => boolean) => [...placed.values()].filter(which).map(({ id }) => id)

  return {
    takes(id, freeMs) {
      const { owner, able = [] } = placed.get(id) ?? {}
      if (owner === me) return true
      if (!able.includes(mine)) return freeMs > anyoneAfterMs
      return freeMs > anyAbleAfterMs || (owner === undefined && mine.count < share)
    },
    taken() {
      mine.count++
    },
    stranded: () => idsOf(({ isMineInPart, able }) => isMineInPart && !able.includes(mine)),
    misplaced: () =>
      idsOf(
        ({ owner, isMineInPart, able }) =>
          isMineInPart && owner !== me && able.some((one) => one.owner === owner),
      ),
    surplus: (candidates) =>
      candidates.find((id) => {
        const { able = [], keys = [], isRunnable = false } = placed.get(id) ?? {}
        // Moving what nobody can run helps nobody, and where it is it goes on at once when it can.
        return (
          isRunnable &&
          able.some(
            (other) =>
              other !== mine && other.ageMs >= steadyAfterMs && mine.count - other.count > keys.length,
          )
        )
      }),
  }
}

function counted(
  workers: readonly Worker[],
  { me, unreachable }: Pick<Situation, "me" | "unreachable">,
): Map<string, Counted> {
  const others = workers.filter(({ owner }) => owner !== me)
  const ageMs = workers.find(({ owner }) => owner === me)?.ageMs ?? 0
  return new Map(
    [...others, { owner: me, unreachable, reaches: new Map(), ageMs }].map((one) => [
      one.owner,
      { ...one, count: 0 },
    ]),
  )
}

/** An owner that does not say that it is there is of an earlier version: its leases show that it is. */
function count(all: Map<string, Counted>, owner: string | undefined): void {
  if (owner === undefined) return
  const one = all.get(owner) ?? {
    owner,
    unreachable: [],
    reaches: new Map(),
    ageMs: Number.POSITIVE_INFINITY,
    count: 0,
  }
  one.count++
  all.set(owner, one)
}

/** Those that can run it; where nobody can, nobody is better than another. */
function ableOf(all: readonly Counted[], needs: readonly string[]): readonly Counted[] {
  const able = all.filter(({ unreachable }) => !lacksSome(needs, unreachable))
  return able.length > 0 ? able : all
}

function lacksSome(needs: readonly string[], unreachable: readonly string[]): boolean {
  return needs.some((arn) => unreachable.includes(arn))
}

/** Pipelines that are this process's part; each is shared by those that can run it. */
function shareOf(mine: Counted, groups: readonly Placed[]): number {
  let share = 0
  for (const { able, keys } of groups) if (able.includes(mine)) share += keys.length / able.length
  // Sums of thirds are not whole.
  return Math.ceil(share - 1e-6)
}
