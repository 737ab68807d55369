import type { RunCounts, RunRecord } from "../../../state/profile-flows/runs.ts"
import type { Store } from "../../../state/store.ts"
import { ingestInto } from "../../ingest/ingest.ts"
import type { Pull, ReadRecord } from "../readers/reader.ts"
import type { TaskPipeline } from "../tasks/pipeline.ts"
import type { FlowRecord } from "../tasks/record.ts"

/** The run is another's, was cancelled, or its integration is gone: nothing more of it may be written. */
export class RunLost extends Error {}

/** A validation ends the run. */
export class DatasetDropped extends Error {}

export interface HeldRun {
  run: RunRecord
  generation: number
  /** Undefined: records go on as they are. */
  tasks: TaskPipeline | undefined
}

/**
 * Ingests the records of a pull, and records in the same transaction how far the run has come: both are there or neither is.
 *
 * @throws RunLost; DatasetDropped, when the records before that are ingested; Fault resourceNotFound (object type), unavailable
 */
export async function ingestPull(
  { profiles, flowRuns }: Pick<Store, "profiles" | "flowRuns">,
  { run, generation, tasks }: HeldRun,
  pull: Pull,
): Promise<void> {
  const { texts, filtered, stop } = through(tasks, pull.records)
  const asked = {
    domain: run.domain,
    objectType: run.objectType,
    integrationUri: run.uri,
    performedBy: run.uri,
  }
  await profiles.change(run.domain, async (locked) => {
    const outcomes = texts.length === 0 ? [] : await ingestInto(locked, asked, texts)
    await locked.journal.bury(
      pull.unreadable.map(({ text: object, message }) => ({
        objectType: run.objectType,
        integrationUri: run.uri,
        reason: "unreadable",
        message,
        object,
      })),
    )
    const rejected = outcomes.filter(({ kind }) => kind === "rejected").length
    const counts: RunCounts = {
      bytesProcessed: pull.bytes,
      bytesWritten: texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
      recordsProcessed: pull.records.length + pull.unreadable.length,
      recordsIngested: texts.length - rejected,
      recordsFiltered: filtered,
      recordsRefused: rejected + pull.unreadable.length,
    }
    // Of a dataset that is dropped in the middle of a pull, the next run reads all of that pull again.
    const progress = stop === undefined ? { position: pull.position, objects: pull.objects } : { objects: [] }
    if (!(await flowRuns.step(locked.transaction, run.number, generation, { ...counts, ...progress })))
      throw new RunLost()
  })
  if (stop !== undefined) throw new DatasetDropped(stop)
}

/** What the tasks make of records, up to the one that ends the run. */
function through(
  tasks: TaskPipeline | undefined,
  records: readonly ReadRecord[],
): { texts: string[]; filtered: number; stop: string | undefined } {
  if (tasks === undefined) return { texts: records.map(textOf), filtered: 0, stop: undefined }
  const texts: string[] = []
  let filtered = 0
  for (const record of records) {
    const outcome = tasks(record.kind === "fields" ? record.fields : parsed(record.text))
    switch (outcome.kind) {
      case "kept":
        texts.push(JSON.stringify(outcome.record))
        break
      case "filtered":
      case "dropped":
        filtered++
        break
      case "stop":
        return { texts, filtered, stop: outcome.reason }
    }
  }
  return { texts, filtered, stop: undefined }
}

function textOf(record: ReadRecord): string {
  return record.kind === "json" ? record.text : JSON.stringify(record.fields)
}

/** Digits of whole numbers that JavaScript does not have become texts, so that none is lost. */
function parsed(text: string): FlowRecord {
  const value: unknown = /\d{16}/.test(text) ? JSON.parse(text, exactly) : JSON.parse(text)
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as FlowRecord) : {}
}

function exactly(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || context?.source === undefined) return value
  return String(value) === context.source || !/^-?\d{16,}/.test(context.source) ? value : context.source
}
