import type { Integration } from "../../domain/integration.ts"
import type { DatabaseRecord } from "../../state/databases.ts"
import type { PipelineRecord } from "../../state/pipelines.ts"
import type { Store } from "../../state/store.ts"
import type { PipelineLauncher } from "../running-pipelines/pipeline-launcher.ts"
import { type RunningPipeline, recordOf } from "../running-pipelines/running-pipeline.ts"
import type { MovableGroup } from "./placement.ts"
import { keyOf } from "./teardown.ts"

/** What should be of one integration. */
export interface Wanted {
  integration: Integration
  databases: readonly DatabaseRecord[]
  /** Pipelines that were launched and not ended. */
  records: readonly PipelineRecord[]
}

/** As few questions as can be, however many integrations there are: each process asks each second. */
export async function readWanted(store: Store): Promise<Wanted[]> {
  const integrations = await store.integrations.all()
  const [databases, records] = [await store.databases.all(), await store.pipelines.all()]
  const databasesOf = Map.groupBy(databases, ({ integrationId }) => integrationId)
  const recordsOf = Map.groupBy(records, ({ integrationId }) => integrationId)
  return integrations.map((integration) => ({
    integration,
    databases: databasesOf.get(integration.id) ?? [],
    records: recordsOf.get(integration.id) ?? [],
  }))
}

/** The integrations whose pipelines may run at any host. */
export function movableGroups(wanted: readonly Wanted[], launcher: PipelineLauncher): MovableGroup[] {
  return wanted.flatMap(({ integration, databases }) => {
    const { id, status, sourceArn, targetArn } = integration
    const movable = databases.filter((one) => !launcher.place(integration, recordOf(one)).isPinned)
    if (status === "deleting" || movable.length === 0) return []
    return [{ id, keys: movable.map((one) => keyOf(recordOf(one))), needs: [sourceArn, targetArn] }]
  })
}

/**
 * Groups whose moving interrupts nothing that has to begin anew elsewhere: no snapshot, and no spool, which holds what the source
 * has forgotten.
 */
export function steadyGroups(
  groups: readonly MovableGroup[],
  running: ReadonlyMap<string, RunningPipeline>,
): string[] {
  const isSteady = (key: string) => {
    const one = running.get(key)
    return one?.monitor.phase === "streaming" && !isSpooling(one) && !isCopying(one)
  }
  return groups.filter(({ keys }) => keys.every(isSteady)).map(({ id }) => id)
}

/** Another host would have to take all anew. */
export function isSpooling({ pipeline }: RunningPipeline): boolean {
  return pipeline?.relief()?.kind === "spooling"
}

function isCopying({ monitor }: RunningPipeline): boolean {
  return [...monitor.tables.values()].some(
    ({ state }) => state === "ResyncInitiated" || state === "ResyncRequired",
  )
}
