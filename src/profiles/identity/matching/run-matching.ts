import { startPeriodicTask } from "../../../concurrency/periodic-task.ts"
import type { DutyWork, Held } from "../../../control-plane/duties/duty.ts"
import type { ReconcilerLog } from "../../../control-plane/log.ts"
import type { MatchedDomain } from "../../../state/profile-identity/matchings.ts"
import { type MatchParts, matchTurn } from "./match-turn.ts"

export interface MatchingOptions extends Omit<MatchParts, "isWanted"> {
  /** Nothing is matched while the duty is another process's. */
  held: Held
  log: ReconcilerLog
}

const lookEveryMs = 500
const oldKeysAtOnce = 20_000

/** Matches and merges by the rules of each domain, all profiles once and then those that change. */
export function startMatching({ held, log, ...stores }: MatchingOptions): DutyWork {
  let isStopped = false
  const parts = { ...stores, isWanted: () => !isStopped && held.isHeld() }
  const task = startPeriodicTask({
    everyMs: lookEveryMs,
    work: () => matchDomains(parts, log),
    onError: (error) => log.warn({ err: error }, "profiles cannot be matched now; trying again"),
  })
  return {
    async stop() {
      isStopped = true
      await task.stop()
    },
  }
}

/** One turn for each domain, and more while one has more to do. A domain that fails holds up no other. */
export async function matchDomains(parts: MatchParts, log: Pick<ReconcilerLog, "warn">): Promise<void> {
  const { matchings } = parts.identity
  let hasDomains = false
  for (let isMore = true; isMore && parts.isWanted(); ) {
    isMore = false
    const domains = await matchings.domains()
    hasDomains ||= domains.length > 0
    for (const domain of domains) isMore = (await turn(parts, domain, log)) || isMore
  }
  // Where nobody has rules, nothing but one look is done.
  while (hasDomains && parts.isWanted() && (await matchings.removeOldKeys(oldKeysAtOnce)));
}

async function turn(
  parts: MatchParts,
  domain: MatchedDomain,
  log: Pick<ReconcilerLog, "warn">,
): Promise<boolean> {
  if (!parts.isWanted()) return false
  try {
    return await matchTurn(parts, domain)
  } catch (error) {
    log.warn(
      { err: error, domain: domain.name },
      "the profiles of a domain cannot be matched now; trying again",
    )
    return false
  }
}
