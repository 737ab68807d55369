import type { IntegrationRecord } from "../../../state/profile-flows/integrations.ts"
import type { FlowTask, FlowTrigger } from "../definition/flow-definition.ts"
import { readFlowDefinition } from "../definition/read-definition.ts"
import { type IntegrationSource, uriKind } from "./uris.ts"

/** What an integration does: its records' source, what becomes of them, and when. */
export interface Flow {
  source: IntegrationSource
  tasks: readonly FlowTask[]
  trigger: FlowTrigger
  objectType: string
}

/** The shortest interval that Customer Profiles documents: servers of others are not asked more often. */
const pollEveryMs = 15 * 60_000

/** `undefined`: it brings no records. */
export function flowOf({ uri, objectTypeName, flowDefinition }: IntegrationRecord): Flow | undefined {
  if (objectTypeName === undefined) return undefined
  if (flowDefinition !== undefined) {
    const { source, tasks, trigger } = readFlowDefinition(JSON.parse(flowDefinition))
    if (source.connector !== "S3") return undefined
    const { bucket, prefix } = source
    return {
      source: { kind: "bucket", bucket, prefix: asFolder(prefix) },
      tasks,
      trigger,
      objectType: objectTypeName,
    }
  }
  const kind = uriKind(uri)
  if (kind.kind !== "source") return undefined
  return { source: kind.source, tasks: [], trigger: usualTrigger(kind.source), objectType: objectTypeName }
}

/** A BucketPrefix names a folder: `contacts` is not `contacts-old/1.csv`. */
function asFolder(prefix: string): string {
  return prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`
}

/** Without a definition, what tells of changes is followed, and others are asked now and then. */
function usualTrigger({ kind }: IntegrationSource): FlowTrigger {
  if (kind !== "web" && kind !== "rows") return { kind: "event" }
  return {
    kind: "scheduled",
    every: { unit: "fixed", everyMs: pollEveryMs },
    mode: "Incremental",
    startMs: undefined,
    endMs: undefined,
    offsetMs: 0,
    firstFromMs: undefined,
  }
}
