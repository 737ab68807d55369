import { startPeriodicTask } from "../../../concurrency/periodic-task.ts"
import { newSerialQueue } from "../../../concurrency/serial-queue.ts"
import type { GovernanceFacts } from "../../../state/governance/facts.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"

/** What policies are made of, as it was last read. */
export type KnownGovernance =
  | { kind: "known"; facts: GovernanceFacts; secrets: Secrets }
  /** `problem` completes "… cannot be read: ". */
  | { kind: "unknown"; problem: string }

/** What is added before hashing, as hexadecimal digits, by the id that plans know: a source's `saltId`, or `project:<name>`. */
export type Secrets = ReadonlyMap<string, string>

/** Keeps in memory what policies are made of. */
export interface GovernanceWatch {
  now(): KnownGovernance
  /** Reads what has changed, at once. Rejects when the state database cannot be asked. */
  refresh(): Promise<void>
  stop(): Promise<void>
}

export interface GovernanceWatchOptions {
  store: Pick<GovernanceStore, "version" | "facts" | "salts">
  /** Told when what is known could not be brought up to date. */
  onError(error: unknown): void
  /** How often the version is asked for: one row. A change takes effect within that time and the time of reading. */
  everyMs?: number
  /** What was last read holds for so long. */
  trustedForMs?: number
}

const everyMsUsually = 300
/** A restart of the state database, or a change of its server, takes less. */
const trustedForMsUsually = 30_000

/** Rejects never: what could not be read is unknown, and is asked for again. */
export async function startGovernanceWatch(options: GovernanceWatchOptions): Promise<GovernanceWatch> {
  const { store, onError, everyMs = everyMsUsually, trustedForMs = trustedForMsUsually } = options
  let known: KnownGovernance = { kind: "unknown", problem: "they were not read yet" }
  let readAtMs = performance.now()
  const inTurn = newSerialQueue()

  const refresh = () =>
    inTurn(async () => {
      const askedAtMs = performance.now()
      const version = await store.version()
      if (known.kind === "unknown" || known.facts.version !== version) known = await read(store)
      readAtMs = askedAtMs
    })

  function now(): KnownGovernance {
    const isTrusted = performance.now() - readAtMs <= trustedForMs
    return isTrusted || isNothingGoverned(known) ? known : unanswered(trustedForMs)
  }

  await refresh().catch(onError)
  const asking = startPeriodicTask({ everyMs, work: refresh, onError, keepsAlive: false })
  return { now, refresh, stop: () => asking.stop() }
}

/** Where nothing was governed, an outage of the state database does not close all tables. */
function isNothingGoverned(known: KnownGovernance): boolean {
  return known.kind === "known" && known.facts.sources.length === 0 && known.facts.rules.length === 0
}

function unanswered(forMs: number): KnownGovernance {
  return { kind: "unknown", problem: `the state database has not answered for ${forMs / 1_000} s` }
}

/** A secret that belongs to a source of these facts may be gone by now: then the version is another one, too, and all is read again. */
async function read(store: GovernanceWatchOptions["store"]): Promise<KnownGovernance> {
  const facts = await store.facts()
  const secrets = new Map<string, string>()
  const salts = await store.salts()
  for (const [id, secret] of salts) secrets.set(id, secret.toString("hex"))
  return { kind: "known", facts, secrets }
}
