import type { Integration, IntegrationStatus } from "../../domain/integration.ts"
import { reportOf, statusDuring } from "../../domain/problems.ts"
import type { ShownOtherwise } from "../../state/integrations/integrations.ts"
import type { Store } from "../../state/store.ts"
import { unknownAfterMs, unobserved } from "../pipelines/observed-pipelines.ts"

/** These say that rows move or will, which is as true as what was last seen is new. */
const claimed: readonly IntegrationStatus[] = ["active", "syncing", "modifying", "needs_attention"]

const shownAs = statusDuring("unobserved")

/**
 * The integrations with the status and errors that callers see: one that nobody has reported on for too long is not shown
 * as it was recorded, but as `needs_attention`, with the reason. Nothing is recorded.
 */
export async function shownStatus(
  { observations }: Pick<Store, "observations">,
  integrations: readonly Integration[],
): Promise<Integration[]> {
  if (!integrations.some(({ status }) => claimed.includes(status))) return [...integrations]
  const silent = await observations.silent(unknownAfterMs)
  return integrations.map((integration) => {
    const silentMs = silent.get(integration.id)
    return silentMs === undefined || !claimed.includes(integration.status)
      ? integration
      : asUnknown(integration, silentMs)
  })
}

/** For a list that is narrowed by the status: which integrations are shown in another than is recorded. */
export async function shownOtherwise({ observations }: Pick<Store, "observations">): Promise<ShownOtherwise> {
  return { ids: [...(await observations.silent(unknownAfterMs)).keys()], instead: claimed, as: shownAs }
}

function asUnknown(integration: Integration, silentMs: number): Integration {
  const errors = [reportOf(unobserved(silentMs)), ...integration.errors]
  return { ...integration, status: shownAs, errors }
}
