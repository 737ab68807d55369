import type { IntegrationReport, StatusReport } from "../../../control-plane/pipelines/status.ts"

/** What is told of a status: integrations that are new or other than before, ids of those that are gone, other members that changed. */
export type StatusChanges = { integrations: IntegrationReport[]; removed: string[] } & Partial<
  Omit<StatusReport, "integrations">
>

/** A status as text, to be compared with the next one. */
export interface Look {
  integrations: ReadonlyMap<string, string>
  rest: ReadonlyMap<string, string>
}

/** Until then an observation counts as new: its age alone is no change. */
const freshMs = 3_000
/** The age of an older one is told again so often. */
const ageStepMs = 10_000

/** @param before `undefined`: there was no look; everything is told @returns changes `undefined`: nothing differs */
export function compare(
  before: Look | undefined,
  status: StatusReport,
): { look: Look; changes: StatusChanges | undefined } {
  const { integrations, ...others } = status
  const look: Look = {
    integrations: new Map(integrations.map((one) => [one.id, JSON.stringify(withoutAges(one))])),
    rest: new Map(Object.entries(others).map(([name, value]) => [name, JSON.stringify(value)])),
  }
  const changed = integrations.filter(({ id }) => before?.integrations.get(id) !== look.integrations.get(id))
  const removed = [...(before?.integrations.keys() ?? [])].filter((id) => !look.integrations.has(id))
  const rest = Object.fromEntries(
    Object.entries(others).filter(([name]) => before?.rest.get(name) !== look.rest.get(name)),
  ) as Partial<Omit<StatusReport, "integrations">>
  const isSame = changed.length + removed.length + Object.keys(rest).length === 0
  return { look, changes: isSame ? undefined : { integrations: changed, removed, ...rest } }
}

/** Each observation has another age and time than the one before, also where nothing happens. */
function withoutAges(integration: IntegrationReport): object {
  const pipelines = integration.pipelines.map(({ observedMsAgo, retention, ...one }) => ({
    ...one,
    age: observedMsAgo <= freshMs ? 0 : Math.floor(observedMsAgo / ageStepMs),
    retention: retention && { ...retention, at: undefined },
  }))
  return { ...integration, pipelines }
}
