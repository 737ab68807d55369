import { startPeriodicTask } from "../../concurrency/periodic-task.ts"
import { newSerialQueue, type SerialQueue } from "../../concurrency/serial-queue.ts"
import { Fault } from "../../domain/faults.ts"
import { Problem, reportOf } from "../../domain/problems.ts"
import type { ReconcilerLog } from "../log.ts"
import type { OrderTypes, VerifyResult } from "../pipelines/order-types.ts"
import { requireStreaming, tablesNamed } from "./carry-out.ts"
import type { OrderWork } from "./order-taker.ts"
import type { RunningPipeline } from "./running-pipeline.ts"
import { verifyChosen } from "./verify-tables.ts"

type VerifyParameters = OrderTypes["verify"]["parameters"]

/** Carries out verifications: those of one integration one after another. */
export type Verification = (
  one: RunningPipeline,
  parameters: VerifyParameters,
  work: OrderWork,
) => Promise<VerifyResult>

/** After so long without a word from whoever compares, the verification is over. */
export const verifyLifetimeMs = 60_000
const renewEveryMs = 10_000
const tellEveryMs = 1_000

export function newVerification(log: ReconcilerLog): Verification {
  const queues = new Map<string, SerialQueue>()
  return async (one, parameters, work) => {
    const { integrationId } = one.monitor.record
    const inTurn = queues.get(integrationId) ?? newSerialQueue()
    queues.set(integrationId, inTurn)
    requireStreaming(one)
    const tables = tablesNamed(one, parameters.table)
    const result: VerifyResult = { total: tables.length, tables: [] }
    const telling = tellProgress(result, work, log)
    try {
      await telling.tell()
      await inTurn(() =>
        verifyChosen({
          pipeline: { monitor: one.monitor, streaming: requireStreaming(one) },
          tables,
          repair: parameters.repair,
          signal: work.signal,
          // The report lies in the state database.
          onTable: (table) => void result.tables.push(one.hasKey ? { ...table, examples: [] } : table),
        }),
      )
      conclude(log, one, result, null)
      return result
    } catch (error) {
      const reason = wordsOf(error)
      conclude(log, one, result, reason)
      if (!work.signal.aborted) await telling.tell()
      throw new Fault("unavailable", reason)
    } finally {
      void telling.stop()
    }
  }
}

/** What has been found so far, as it is found; and now and then that it goes on. */
function tellProgress(result: VerifyResult, { progress }: OrderWork, log: ReconcilerLog) {
  let toldTables = -1
  let toldAtMs = 0
  const tell = async () => {
    toldTables = result.tables.length
    toldAtMs = performance.now()
    await progress(result, verifyLifetimeMs)
  }
  const telling = startPeriodicTask({
    everyMs: tellEveryMs,
    async work() {
      const isNews = result.tables.length !== toldTables
      if (isNews || performance.now() - toldAtMs >= renewEveryMs) await tell()
    },
    onError: (error) => log.info({ reason: String(error) }, "a verification's progress is not told"),
  })
  return { tell, stop: telling.stop }
}

/**
 * Logs how a verification ended: tables and counts. Keys of rows are in the report only, for a log may be read by
 * people who may not read the rows.
 */
function conclude(
  log: ReconcilerLog,
  { monitor: { record } }: RunningPipeline,
  { tables }: VerifyResult,
  error: string | null,
): void {
  const differing = tables.filter(({ outcome }) => outcome !== "equal" && outcome !== "skipped")
  const fields = {
    integration: record.integrationId,
    sourceDatabase: record.sourceDatabase,
    tables: tables.length,
    differing: differing
      .map(({ schema, name, differences }) => `${schema}.${name}: ${differences}`)
      .slice(0, 20),
    error,
  }
  if (differing.length > 0 || error !== null) log.warn(fields, "verification ended")
  else log.info(fields, "verification ended")
}

function wordsOf(error: unknown): string {
  if (error instanceof Problem) return reportOf(error).message
  return error instanceof Error ? error.message : String(error)
}
