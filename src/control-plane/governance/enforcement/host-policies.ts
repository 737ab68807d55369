import { type PeriodicTask, startPeriodicTask } from "../../../concurrency/periodic-task.ts"
import { type GovernedHost, PoliciesAreHeld, type PolicyServer } from "../../../engines/policy-server.ts"
import { databaseAt, serverDatabase } from "../../../governance/model/server-database.ts"
import type { GovernedIntegration, GovernedStatus } from "../../../governance/setup/integration.ts"
import type { Store } from "../../../state/store.ts"
import type { DutyWork, Held } from "../../duties/duty.ts"
import type { ReconcilerLog } from "../../log.ts"
import { credentialsOf } from "../integrations/account.ts"
import { loginBy } from "../integrations/okta-login.ts"
import { type IntegrationPlane, opened } from "../integrations/plane.ts"
import { policiesTest, recordRecurring } from "../integrations/recurring.ts"
import { enforcementKey } from "./enforcement-problems.ts"
import { newTeller } from "./enforcement-told.ts"
import type { GovernanceWatch, KnownGovernance } from "./governance-watch.ts"
import { type EnforcedDatabase, type GovernedDatabase, newGovernedDatabase } from "./governed-database.ts"
import { readPolicy } from "./read-policy.ts"
import { wantedBy } from "./wanted-policies.ts"

export interface HostPoliciesOptions {
  plane: Pick<IntegrationPlane, "store" | "safe" | "temporaryPasswords" | "tlsOf">
  store: Pick<Store, "governance" | "policyEnforcement">
  /** Of the installation: see WantedPolicies. */
  installation: string
  /** Begun with the first integration: most installations have none. */
  startWatch(): Promise<GovernanceWatch>
  /** What applies policies in servers of this dialect; `undefined`: nothing does from outside. */
  policiesAt(dialect: string): ((host: GovernedHost) => Promise<PolicyServer>) | undefined
  log: ReconcilerLog
  held: Held
  everyMs?: number
  lookEveryMs?: number
  probeEveryMs?: number
}

/** Between two tries at a server that cannot be asked. */
const [shortestRestMs, longestRestMs] = [500, 10_000]

/** Twice as long after each failure in a row. */
function newRest() {
  let failures = 0
  let untilMs = 0
  return {
    goesOn: () => performance.now() < untilMs,
    begin() {
      untilMs = performance.now() + Math.min(longestRestMs, shortestRestMs * 2 ** failures)
      failures += 1
    },
    end() {
      failures = 0
    },
  }
}

/** The set-up is there, and no job changes it. */
const keptStatuses: readonly GovernedStatus[] = [
  "enabled",
  "editError",
  "migrateError",
  "deleteError",
  "recurringValidationError",
]

/**
 * Keeps people and views in the servers that the integrations API has set up: one process does, by its duty. A server that
 * does not answer holds no other one up.
 */
export function startHostPolicies(options: HostPoliciesOptions): DutyWork {
  const { plane, startWatch, policiesAt, log, lookEveryMs = 1_000 } = options
  const hosts = new Map<number, { key: string; host: KeptHost }>()
  let watch: GovernanceWatch | undefined

  async function look(): Promise<void> {
    const all = (await plane.store.all()).filter((one) => policiesAt(one.dialect) !== undefined)
    const kept = new Map(all.filter(isKept).map((one) => [one.id, one]))
    for (const [id, { key, host }] of hosts) {
      const now = kept.get(id)
      if (now !== undefined && keyOf(now) === key) continue
      hosts.delete(id)
      await host.stop()
      if (!all.some((one) => one.id === id)) await host.forget()
    }
    for (const integration of kept.values()) {
      if (hosts.has(integration.id)) continue
      watch ??= await startWatch()
      hosts.set(integration.id, { key: keyOf(integration), host: keepHost(options, integration, watch) })
    }
    for (const [id, { host }] of hosts) {
      const message = host.failure()
      const integration = kept.get(id)
      if (integration !== undefined && message.kind === "known")
        await recordRecurring({ store: plane.store, log }, integration, {
          name: policiesTest,
          message: message.failure,
        })
    }
  }

  const onError = (error: unknown) =>
    log.warn({ reason: String(error) }, "governed servers could not be looked after; trying again")
  const task = startPeriodicTask({ everyMs: lookEveryMs, work: look, onError })
  return {
    async stop() {
      await task.stop()
      await Promise.all([...hosts.values()].map(({ host }) => host.stop()))
      await watch?.stop()
    },
  }

  function isKept({ status, job }: GovernedIntegration): boolean {
    return job === undefined && keptStatuses.includes(status)
  }
}

/** Another one when the account or the place is another. */
function keyOf({ fingerprint, account, config }: GovernedIntegration): string {
  return JSON.stringify([fingerprint, account?.data, config])
}

interface KeptHost {
  /** What hinders policies; `failure` absent: nothing does. `unknown`: nobody has looked yet. */
  failure(): { kind: "unknown" } | { kind: "known"; failure: string | undefined }
  stop(): Promise<void>
  /** The integration is gone. */
  forget(): Promise<void>
}

function keepHost(
  options: HostPoliciesOptions,
  integration: GovernedIntegration,
  watch: GovernanceWatch,
): KeptHost {
  const { store, installation, log, held, everyMs = 200 } = options
  const name = databaseAt(integration.config, integration.config.database.toLowerCase())
  const told = newTeller({ targetArn: enforcementKey(integration), store, log })
  let kept: GovernedDatabase | undefined
  let of: { known: KnownGovernance; wanted: ReturnType<typeof wantedBy> } | undefined
  let last: EnforcedDatabase | undefined
  let failed: string | undefined
  const rest = newRest()

  async function work(): Promise<void> {
    const known = watch.now()
    // What was applied goes on to hold.
    if (known.kind === "unknown" || !held.isHeld()) return
    if (of?.known !== known) of = { known, wanted: wantedBy({ known, installation, readPolicy }) }
    kept ??= newGovernedDatabase(await partsOf(options, integration, name))
    try {
      if ((await kept.keep(known, of.wanted)) === "changed") await watch.refresh()
    } finally {
      const now = kept.now()
      const problems = [...now.problems, ...strays(known, name)]
      last = { ...now, problems }
      await told.tell(last)
    }
  }

  const task: PeriodicTask = startPeriodicTask({
    everyMs,
    work: async () => {
      if (rest.goesOn()) return
      try {
        await work()
        failed = undefined
        rest.end()
      } catch (error) {
        failed = error instanceof Error ? error.message : String(error)
        if (!(error instanceof PoliciesAreHeld)) rest.begin()
        throw error
      }
    },
    onError: (error) =>
      log.warn({ database: name, reason: String(error) }, "policies could not be applied; trying again"),
  })
  return {
    failure: () => failureBy(last?.problems ?? (failed === undefined ? undefined : [failed])),
    async stop() {
      await task.stop()
      await kept?.close()
    },
    forget: () => told.forget(name),
  }
}

function failureBy(problems: readonly string[] | undefined): ReturnType<KeptHost["failure"]> {
  return problems === undefined ? { kind: "unknown" } : { kind: "known", failure: sentenceOf(problems) }
}

/** Some are whole sentences, with their full stops. */
function sentenceOf(problems: readonly string[]): string | undefined {
  const text = problems.map((one) => one.replace(/\.$/, "")).join("; ")
  return text === "" ? undefined : `${text}.`
}

async function partsOf(
  { plane, store, policiesAt, held, lookEveryMs = 1_000, probeEveryMs = 60_000 }: HostPoliciesOptions,
  integration: GovernedIntegration,
  name: string,
) {
  const { account, plan } = await opened(plane, integration)
  const { host, port } = integration.config
  const { database, systemUser: user } = plan
  const open = policiesAt(integration.dialect)
  if (open === undefined) throw new Error(`nothing applies policies in a server of ${integration.dialect}`)
  const login = loginBy(plane.temporaryPasswords, credentialsOf(account, user), { host, database, user })
  return {
    database: name,
    server: await open({ host, port, database, tls: plane.tlsOf(host), login }),
    store: store.governance,
    isHeld: held.isHeld,
    lookEveryMs,
    probeEveryMs,
    whenUngoverned: "keepPeople" as const,
  }
}

/** Sources of the server that no view there can show. */
function strays({ facts }: Extract<KnownGovernance, { kind: "known" }>, name: string): string[] {
  const own = serverDatabase(name)
  return facts.sources.flatMap(({ name: source, table }) => {
    const place = serverDatabase(table.database)
    if (place === undefined || place.server !== own?.server || place.database === own.database) return []
    return [
      `data source ${source} has no view: it is in database ${place.database}, and views in ${own.database} show tables of that database only`,
    ]
  })
}
