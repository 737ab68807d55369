import type { Invocation, Listeners } from "../../../state/profile-events/listeners.ts"
import type { Occurrence } from "../publish.ts"
import { isMet } from "./conditions.ts"
import { countedSince, isExpired, isWithinPeriods } from "./limits.ts"
import type { EventTrigger } from "./trigger.ts"

type Listening = Listeners["triggers"][number]
type Definition = Pick<EventTrigger, "EventTriggerConditions" | "EventTriggerLimits">

/** A trigger that fired for an object. */
export interface Fired {
  trigger: Listening
  occurrence: Occurrence
  firedAtMs: number
  /** One of its periods limits how often it fires. */
  isCounted: boolean
}

export interface FiringContext {
  nowMs: number
  /** How often triggers fired before. */
  earlier(asked: { triggers: string[]; profiles: string[]; sinceMs: number }): Promise<Invocation[]>
}

/** What fires for these objects, one after the other: each counts for those after it. */
export async function firedBy(
  triggers: readonly Listening[],
  occurrences: readonly Occurrence[],
  { nowMs, earlier }: FiringContext,
): Promise<Fired[]> {
  const met = triggers.flatMap((trigger) => {
    const definition = JSON.parse(trigger.definition) as Definition
    const of = occurrences.filter(
      (one) => one.objectTypeName === trigger.objectType && meets(definition, one, nowMs),
    )
    return of.map((occurrence) => ({ trigger, limits: definition.EventTriggerLimits, occurrence }))
  })
  const since = met.flatMap(({ limits }) => countedSince(limits, nowMs) ?? [])
  const counts = new Map<string, number[]>()
  if (since.length > 0) {
    const triggersAsked = [...new Set(met.map(({ trigger }) => trigger.name))]
    const profiles = [...new Set(met.map(({ occurrence }) => occurrence.profileId))]
    const before = await earlier({ triggers: triggersAsked, profiles, sinceMs: Math.min(...since) })
    for (const { trigger, profile, firedAtMs } of before) count(counts, trigger, profile).push(firedAtMs)
  }
  return met.flatMap(({ trigger, limits, occurrence }) => {
    const times = count(counts, trigger.name, occurrence.profileId)
    if (!isWithinPeriods(limits, times, nowMs)) return []
    times.push(nowMs)
    const isCounted = countedSince(limits, nowMs) !== undefined
    return [{ trigger, occurrence, firedAtMs: nowMs, isCounted }]
  })
}

function meets(definition: Definition, { object, ingested }: Occurrence, nowMs: number): boolean {
  if (ingested === undefined) return false
  if (isExpired(definition.EventTriggerLimits, ingested.sourceTime?.getTime() ?? nowMs, nowMs)) return false
  return isMet(definition, { source: object, fields: Object.fromEntries(ingested.fields) })
}

function count(counts: Map<string, number[]>, trigger: string, profile: string): number[] {
  const times = counts.get(`${trigger} ${profile}`) ?? []
  counts.set(`${trigger} ${profile}`, times)
  return times
}
