import { within } from "../../concurrency/deadline.ts"
import { TakenOver } from "../../replication/contracts/taken-over.ts"
import type { Lease, LeaseOwner, LeaseStore } from "../../state/leases.ts"
import type { ReconcilerLog } from "../log.ts"
import type { PipelinePlace } from "../running-pipelines/pipeline-launcher.ts"
import type { RunningPipeline } from "../running-pipelines/running-pipeline.ts"
import { type LeaseKeeper, newLeaseKeeper } from "./lease-keeper.ts"

export interface OwnedPipelinesOptions {
  leases: LeaseStore
  owner: LeaseOwner
  log: ReconcilerLog
  /** Has what changed looked at soon. */
  nudge(): void
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
  /** Stops it and gives its lease back. */
  release(key: string): Promise<void>
  /** Another owner was found, by a write that it refused. */
  lost(lease: Lease): void
  /** Stops it; its next generation here is greater than this one, which its warehouse knows. */
  passOver(key: string, generation: number): Promise<void>
  /** Waits until those that must not run any more have stopped. */
  settle(): Promise<void>
  /** Stops all and gives all leases back. */
  close(): Promise<void>
}

/** A state database that does not answer must not keep the process from stopping: leases run out by themselves. */
const leaseStopLimitMs = 1_000

export function newOwnedPipelines({
  leases: store,
  owner,
  log,
  nudge,
}: OwnedPipelinesOptions): OwnedPipelines {
  const running = new Map<string, RunningPipeline>()
  const losing = new Set<string>()
  /** Newest generations that warehouses reported, by pipeline: a restored state database may have smaller ones. */
  const known = new Map<string, number>()

  const lost = (lease: Lease) => {
    if (running.get(lease.pipeline)?.lease.generation !== lease.generation) return
    losing.add(lease.pipeline)
    // The pipeline begins nothing new from here on; the next turn of the reconciler awaits its end.
    void running.get(lease.pipeline)?.pipeline?.stop()
    nudge()
  }
  const leases = newLeaseKeeper({ leases: store, owner, log, onLost: lost })

  const own = async (key: string, place: PipelinePlace) =>
    leases.held(key) ?? (await takeLease(leases, key, place, known.get(key) ?? 0))

  async function stop(key: string): Promise<void> {
    await running.get(key)?.pipeline?.stop()
    running.delete(key)
    losing.delete(key)
  }

  async function release(key: string): Promise<void> {
    await stop(key)
    await leases.release(key)
  }

  async function passOver(key: string, generation: number): Promise<void> {
    known.set(key, generation)
    await release(key)
  }

  return {
    running,
    own,
    stop,
    release,
    passOver,
    lost,
    async start(key, place, launch) {
      const lease = await own(key, place)
      if (lease !== undefined) running.set(key, await launch(lease))
    },
    async settle() {
      for (const key of [...losing]) await release(key)
      for (const [key, newest] of takenOver(running)) await passOver(key, newest)
    },
    async close() {
      await Promise.all([...running.values()].map((one) => one.pipeline?.stop()))
      await within(leaseStopLimitMs, leases.stop())
    },
  }
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

/** Pipelines that ended since their warehouse knows a newer owner, each with that one's generation. */
function takenOver(running: ReadonlyMap<string, RunningPipeline>): [string, number][] {
  return [...running].flatMap(
    ([
      key,
      {
        monitor: { problem },
      },
    ]) => (problem instanceof TakenOver ? [[key, problem.newest]] : []),
  )
}
