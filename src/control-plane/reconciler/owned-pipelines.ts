import { within } from "../../concurrency/deadline.ts"
import { TakenOver } from "../../replication/contracts/taken-over.ts"
import type { Lease, LeaseOwner, LeaseStore } from "../../state/leases.ts"
import type { ReconcilerLog } from "../log.ts"
import type { PipelinePlace } from "../running-pipelines/pipeline-launcher.ts"
import type { RunningPipeline } from "../running-pipelines/running-pipeline.ts"
import { type HandOverOptions, handOver } from "./hand-over.ts"
import { type LeaseKeeper, newLeaseKeeper } from "./lease-keeper.ts"

export interface OwnedPipelinesOptions {
  leases: LeaseStore
  owner: LeaseOwner
  log: ReconcilerLog
  /** Has what changed looked at soon. */
  nudge(): void
  /** See LeaseKeeperOptions. */
  announce?(): Promise<void>
}

/**
 * The pipelines of this process, each under a lease: taken before it starts, given back when it has stopped. One whose lease is
 * lost, or that the warehouse knows a newer owner of, is stopped.
 */
export interface OwnedPipelines {
  /** By `keyOf`. */
  readonly running: ReadonlyMap<string, RunningPipeline>
  /** The lease that is held, or is taken now; `undefined`: another process owns the pipeline, or another host has its rows. */
  own(key: string, place: PipelinePlace): Promise<Lease | undefined>
  /** Takes the lease and starts the pipeline; nothing happens where `own` answers nothing. */
  start(key: string, place: PipelinePlace, launch: (lease: Lease) => Promise<RunningPipeline>): Promise<void>
  /** Stops it, if it runs. Its lease stays held. */
  stop(key: string): Promise<void>
  /** Stops it and gives its lease back, after `stopLimitMs` at the latest (see Pipeline.stop). */
  release(key: string, stopLimitMs?: number): Promise<void>
  /** Another owner was found, by a write that it refused. */
  lost(lease: Lease): void
  /** Stops it; its next generation here is greater than this one, which its warehouse knows. */
  passOver(key: string, generation: number): Promise<void>
  /** Waits until those of `keys` that must not run any more have stopped. */
  settle(keys: readonly string[]): Promise<void>
  /**
   * Stops all and gives each lease back as soon as its pipeline has stopped; starts no more. `next`: where other processes wait for
   * them, told of each; they are then stopped a few at a time, so that each is away only shortly.
   */
  close(next?: Pick<HandOverOptions, "tell">): Promise<void>
}

/** A state database that does not answer must not keep the process from stopping: leases run out by themselves. */
const leaseStopLimitMs = 1_000

export function newOwnedPipelines(options: OwnedPipelinesOptions): OwnedPipelines {
  const { leases: store, owner, nudge } = options
  const running = new Map<string, RunningPipeline>()
  const losing = new Set<string>()
  /** Newest generations that warehouses reported, by pipeline: a restored state database may have smaller ones. */
  const known = new Map<string, number>()
  let isClosed = false

  const lost = (lease: Lease) => {
    if (running.get(lease.pipeline)?.lease.generation !== lease.generation) return
    losing.add(lease.pipeline)
    // The pipeline begins nothing new from here on; the next turn of the reconciler awaits its end.
    void running.get(lease.pipeline)?.pipeline?.stop()
    nudge()
  }
  const leases = newLeaseKeeper({ ...options, onLost: lost })

  const own = async (key: string, place: PipelinePlace) =>
    isClosed ? undefined : (leases.held(key) ?? (await takeLease(leases, key, place, known.get(key) ?? 0)))

  async function stop(key: string, { limitMs, after }: StopOptions = {}): Promise<void> {
    await running.get(key)?.pipeline?.stop(limitMs)
    running.delete(key)
    losing.delete(key)
    await after?.(key)
  }

  /** In one step with the pipeline's end: nobody may start it again under the lease that goes. */
  const release = (key: string, limitMs?: number) => stop(key, { limitMs, after: leases.release })

  const passOver = (key: string, generation: number) => {
    known.set(key, generation)
    return release(key)
  }

  const start: OwnedPipelines["start"] = async (key, place, launch) => {
    const lease = await own(key, place)
    if (lease !== undefined) running.set(key, await launch(lease))
    if (isClosed) await release(key)
  }

  async function settle(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const newest = takenOverBy(running.get(key))
      if (losing.has(key)) await release(key)
      else if (newest !== undefined) await passOver(key, newest)
    }
  }

  async function close(next?: Pick<HandOverOptions, "tell">): Promise<void> {
    isClosed = true
    await releaseAll({ keys: [...running.keys()], release, taken: takenFrom(store, owner) }, next)
    await within(leaseStopLimitMs, leases.stop())
  }

  return { running, own, start, stop: (key) => stop(key), release, lost, passOver, settle, close }
}

interface StopOptions {
  limitMs?: number | undefined
  after?(key: string): Promise<void>
}

async function releaseAll(
  handing: Omit<HandOverOptions, "tell">,
  next: Pick<HandOverOptions, "tell"> | undefined,
): Promise<void> {
  if (next === undefined) await Promise.all(handing.keys.map((key) => handing.release(key)))
  else await handOver({ ...handing, ...next })
}

/** Whether another process has the pipeline. */
function takenFrom(store: LeaseStore, { owner }: LeaseOwner): (key: string) => Promise<boolean> {
  return async (key) =>
    (await store.all()).some((lease) => lease.pipeline === key && lease.owner !== owner && !lease.isExpired)
}

async function takeLease(
  leases: LeaseKeeper,
  pipeline: string,
  { isPinned, file, isHere }: PipelinePlace,
  above: number,
): Promise<Lease | undefined> {
  const request = { pipeline, isPinned, ...(file !== undefined && { file }), above }
  const lease = await leases.take(request)
  if (lease !== undefined || !isPinned || !(await isHere())) return lease
  return await leases.take({ ...request, isHere: true })
}

/** The generation of the newer owner that its warehouse knows, because of which it has ended. */
function takenOverBy(one: RunningPipeline | undefined): number | undefined {
  const problem = one?.monitor.problem
  return problem instanceof TakenOver ? problem.newest : undefined
}
