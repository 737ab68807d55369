import { Problem } from "../../domain/problems.ts"
import type { Observation, ObservationStore } from "../../state/pipelines/observations.ts"
import type { ObservedTable, PipelineFacts } from "../../state/pipelines/observed-facts.ts"

/** The owner of pipelines says at least so often that what it wrote is still so. */
export const heartbeatEveryMs = 1_000
/** Without a word for so long, nobody knows how a pipeline is. */
export const unknownAfterMs = 3 * heartbeatEveryMs

interface Place {
  integrationId: string
  sourceDatabase: string
  destinationDatabase: string
}

/** A pipeline as any process can know it. */
export type ObservedPipeline =
  | (Place & { kind: "known"; ageMs: number; facts: PipelineFacts; tables: ObservedTable[] })
  /** Launched a moment ago: its owner has told nothing yet. */
  | (Place & { kind: "launched" })
  /** Its owner has told nothing for too long. `tables` are those it had; how they are now nobody knows. */
  | (Place & { kind: "unknown"; silentMs: number; tables: ObservedTable[] })

export type KnownPipeline = Extract<ObservedPipeline, { kind: "known" }>

/** All pipelines that run or should, by integration (oldest first) and source database. */
export async function observedPipelines(store: {
  observations: Pick<ObservationStore, "all">
}): Promise<ObservedPipeline[]> {
  return (await store.observations.all()).flatMap((one) => observed(one) ?? [])
}

/** Undefined: it has stopped, and is not wanted. */
export function observed(observation: Observation): ObservedPipeline | undefined {
  const { integrationId, sourceDatabase, destinationDatabase, isWanted, silentMs, seen } = observation
  const place = { integrationId, sourceDatabase, destinationDatabase }
  if (seen !== undefined && seen.ageMs <= unknownAfterMs) return { kind: "known", ...place, ...seen }
  // What is being ended is nobody's concern once it has stopped.
  if (!isWanted) return undefined
  if (silentMs <= unknownAfterMs) return { kind: "launched", ...place }
  return { kind: "unknown", ...place, silentMs, tables: seen?.tables ?? [] }
}

export function unobserved(silentMs: number): Problem {
  return new Problem(
    "unobserved",
    `What its pipelines do is not known: the process that runs them has not reported for ${Math.floor(silentMs / 1_000)} s.`,
  )
}
