import { Fault } from "../../domain/faults.ts"
import { Problem, reportOf } from "../../domain/problems.ts"
import type { Caller } from "../control-plane.ts"
import { findIntegration } from "../integrations/find-integration.ts"
import { requireAdmin, requireReader } from "../sql-users/roles.ts"
import {
  type AskedIntegration,
  askIntegration,
  chosenTables,
  type RunningPipelines,
} from "./ask-pipelines.ts"
import type { ReconcilerLog } from "./running-pipeline.ts"
import type { VerificationReport } from "./verification-report.ts"
import { verifyChosen } from "./verify-tables.ts"

export interface VerifyOrder {
  /** Id, ARN or name. */
  integration: string
  /** `schema.table`; `undefined`: every table. */
  table: string | undefined
  /** Mend what differs. */
  repair: boolean
}

export interface Verifier {
  /**
   * Begins to compare; `report` tells how it goes.
   *
   * @throws Fault accessDenied, integrationNotFound, integrationInWrongState, invalidValue, conflictingOperation (one runs)
   */
  begin(caller: Caller, order: VerifyOrder): Promise<VerificationReport>
  /** The integration's verification that runs, or ran last. @throws Fault accessDenied, integrationNotFound, invalidValue */
  report(caller: Caller, integration: string): Promise<VerificationReport>
  stop(): Promise<void>
}

export interface VerifierOptions extends RunningPipelines {
  log: ReconcilerLog
  /** How often every table is compared by itself; `undefined`: never. */
  everyMs: number | undefined
}

interface Run {
  report: VerificationReport
  ended: Promise<void>
}

const longestTickMs = 60_000

export function newVerifier(options: VerifierOptions): Verifier {
  const runs = new Map<string, Run>()
  const stopped = new AbortController()

  function start(asked: AskedIntegration, { table, repair }: Omit<VerifyOrder, "integration">): Run {
    const { integration } = asked
    if (runs.get(integration.id)?.report.state === "running")
      throw new Fault(
        "conflictingOperation",
        `The integration ${integration.name} is being verified already; wait until that is done.`,
      )
    const chosen = chosenTables(asked, table)
    const report = newReport(chosen.reduce((sum, { tables }) => sum + tables.length, 0))
    const onTable = (one: VerificationReport["tables"][number]) => void report.tables.push(one)
    const work = async () => {
      for (const one of chosen) await verifyChosen({ ...one, repair, signal: stopped.signal, onTable })
    }
    const ended = work().then(
      () => conclude(options.log, asked, report, undefined),
      (error: unknown) => conclude(options.log, asked, report, error),
    )
    const run = { report, ended }
    runs.set(integration.id, run)
    return run
  }

  const schedule =
    options.everyMs === undefined ? undefined : scheduled(options, options.everyMs, runs, start)
  return {
    async begin(caller, order) {
      requireAdmin(caller, "verify tables")
      return start(await askIntegration(options, order.integration), order).report
    },
    async report(caller, identifier) {
      requireReader(caller, "see how a verification goes")
      const { id, name } = await findIntegration(options.store.integrations, identifier)
      const run = runs.get(id)
      if (run !== undefined) return run.report
      throw new Fault(
        "invalidValue",
        `The integration ${name} has not been verified since Millrace was started.`,
      )
    },
    async stop() {
      clearInterval(schedule)
      stopped.abort()
      await Promise.all([...runs.values()].map(({ ended }) => ended))
    },
  }
}

function newReport(total: number): VerificationReport {
  const startedAt = new Date().toISOString()
  return { state: "running", startedAt, finishedAt: null, error: null, total, tables: [] }
}

/** Keys of rows go to whoever asks for the report, never to the log. */
function conclude(
  log: ReconcilerLog,
  { integration }: AskedIntegration,
  report: VerificationReport,
  error: unknown,
): void {
  report.finishedAt = new Date().toISOString()
  report.state = error === undefined ? "finished" : "failed"
  if (error !== undefined) report.error = wordsOf(error)
  const differing = report.tables.filter(({ outcome }) => outcome !== "equal" && outcome !== "skipped")
  const fields = {
    integration: integration.id,
    tables: report.tables.length,
    differing: differing
      .map(({ schema, name, differences }) => `${schema}.${name}: ${differences}`)
      .slice(0, 20),
    error: report.error,
  }
  if (differing.length > 0 || error !== undefined) log.warn(fields, "verification ended")
  else log.info(fields, "verification ended")
}

function wordsOf(error: unknown): string {
  if (error instanceof Problem) return reportOf(error).message
  return error instanceof Error ? error.message : String(error)
}

/** Begins with an integration as soon as one of its tables has not been compared for so long. One at a time. */
function scheduled(
  options: VerifierOptions,
  everyMs: number,
  runs: ReadonlyMap<string, Run>,
  start: (asked: AskedIntegration, order: Omit<VerifyOrder, "integration">) => Run,
): NodeJS.Timeout {
  const isDue = ({ integration, pipelines }: AskedIntegration): boolean => {
    const last = runs.get(integration.id)?.report.startedAt
    const nowMs = Date.now()
    // What lies ahead was said by a clock that has been set back since, and says nothing.
    const isRecent = (atMs: number) => atMs > nowMs - everyMs && atMs <= nowMs
    if (last !== undefined && isRecent(Date.parse(last))) return false
    const tables = pipelines.flatMap(({ monitor }) => [...monitor.tables.values()])
    return tables.some(({ state, verified }) => state === "Synced" && !isRecent(verified?.at.getTime() ?? 0))
  }
  const look = async () => {
    if ([...runs.values()].some(({ report }) => report.state === "running")) return
    for (const id of new Set(options.running().map(({ monitor }) => monitor.record.integrationId))) {
      const asked = await askIntegration(options, id).catch(unlessRefused)
      if (asked !== undefined && isDue(asked)) return void start(asked, { table: undefined, repair: false })
    }
  }
  // Not streaming now, or gone: its turn comes.
  const unlessRefused = (error: unknown): undefined => {
    if (!(error instanceof Fault)) throw error
  }
  const tick = () =>
    void look().catch((error: unknown) =>
      options.log.error({ err: error }, "a scheduled verification could not begin"),
    )
  return setInterval(tick, Math.min(longestTickMs, Math.max(1_000, everyMs / 10)))
}
