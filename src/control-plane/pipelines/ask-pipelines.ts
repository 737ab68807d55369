import { Fault } from "../../domain/faults.ts"
import type { Integration } from "../../domain/integration.ts"
import { Problem, reportOf } from "../../domain/problems.ts"
import { isGone, qualifiedName } from "../../domain/table.ts"
import type { StreamingPipeline } from "../../replication/streaming.ts"
import type { Store } from "../../state/store.ts"
import { findIntegration } from "../integrations/find-integration.ts"
import type { PipelineMonitor } from "./pipeline-monitor.ts"
import type { RunningPipeline } from "./running-pipeline.ts"
import type { TableProgress } from "./table-progress.ts"

export interface RunningPipelines {
  store: Store
  running(): RunningPipeline[]
}

export interface AskedPipeline {
  monitor: PipelineMonitor
  streaming: StreamingPipeline
}

export interface AskedIntegration {
  integration: Integration
  pipelines: AskedPipeline[]
}

/** The integration's pipelines, all of which must stream. @throws Fault integrationNotFound, integrationInWrongState */
export async function askIntegration(
  { store, running }: RunningPipelines,
  identifier: string,
): Promise<AskedIntegration> {
  const integration = await findIntegration(store.integrations, identifier)
  const mine = running().filter(({ monitor }) => monitor.record.integrationId === integration.id)
  const pipelines = mine.map(({ monitor, pipeline }) => {
    const streaming = pipeline?.streaming()
    if (streaming === undefined) throw notStreaming(integration, monitor)
    return { monitor, streaming }
  })
  if (pipelines.length === 0)
    throw new Fault(
      "integrationInWrongState",
      `The integration ${integration.name} is ${integration.status}; nothing of it runs.`,
    )
  return { integration, pipelines }
}

function notStreaming(integration: Integration, { phase, problem }: PipelineMonitor): Fault {
  const why = problem === undefined ? "" : ` ${reportOf(problem).message}`
  return new Fault(
    "integrationInWrongState",
    `The integration ${integration.name} is not streaming now (it is ${phase}).${why} Try again when it streams.`,
  )
}

/** The tables an order is about: the one named `schema.table`, or all. @throws Fault invalidValue */
export function chosenTables(
  { integration, pipelines }: AskedIntegration,
  table: string | undefined,
): { pipeline: AskedPipeline; tables: TableProgress[] }[] {
  const chosen = pipelines.map((pipeline) => ({
    pipeline,
    tables: [...pipeline.monitor.tables.values()].filter(
      (one) => !isGone(one.state) && (table === undefined || qualifiedName(one) === table),
    ),
  }))
  if (table !== undefined && chosen.every(({ tables }) => tables.length === 0))
    throw new Fault(
      "invalidValue",
      `The integration ${integration.name} has no table ${table.slice(0, 200)}. Name it as schema.table; \`millrace status\` lists them.`,
    )
  return chosen
}

/** What a source or warehouse fails at while it is asked becomes a refusal that says so. */
export async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Problem) throw new Fault("unavailable", reportOf(error).message)
    throw error
  }
}
