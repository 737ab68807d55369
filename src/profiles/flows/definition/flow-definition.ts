import type {
  ArithmeticOperator,
  ConnectorType,
  FilterOperator,
  MaskOperator,
  ValidationOperator,
} from "./connectors.ts"
import type { Rate } from "./schedule.ts"

export const propertyKeys = [
  "VALUE",
  "VALUES",
  "DATA_TYPE",
  "UPPER_BOUND",
  "LOWER_BOUND",
  "SOURCE_DATA_TYPE",
  "DESTINATION_DATA_TYPE",
  "VALIDATION_ACTION",
  "MASK_VALUE",
  "MASK_LENGTH",
  "TRUNCATE_LENGTH",
  "MATH_OPERATION_FIELDS_ORDER",
  "CONCAT_FORMAT",
  "SUBFIELD_CATEGORY_MAP",
] as const
export type PropertyKey = (typeof propertyKeys)[number]

interface TaskCommon {
  /** At least one, but for a projection. */
  sourceFields: readonly string[]
  /** Absent: Map has always one; others write their result where it came from, or in a field named by its source fields. */
  destinationField: string | undefined
  properties: Readonly<Partial<Record<PropertyKey, string>>>
}

/** One step of a flow; which properties it has is looked at when the definition is read. */
export type FlowTask = TaskCommon &
  (
    | { type: "Filter"; operator: FilterOperator }
    | { type: "Arithmetic"; operator: ArithmeticOperator }
    | { type: "Mask"; operator: MaskOperator }
    | { type: "Validate"; operator: ValidationOperator }
    | { type: "Map" | "Merge" | "Truncate"; operator: "NO_OP" }
  )

/** Times are milliseconds since 1970, UTC. */
export interface ScheduledTrigger {
  kind: "scheduled"
  every: Rate
  mode: "Incremental" | "Complete"
  startMs: number | undefined
  endMs: number | undefined
  /** Each run begins so much later than its time, 0 to 36,000 s: files of that time may still be coming. */
  offsetMs: number
  /** The first incremental run reads what is newer; absent: 30 days. */
  firstFromMs: number | undefined
}

export type FlowTrigger = { kind: "onDemand" } | { kind: "event" } | ScheduledTrigger

export type FlowSource =
  | { connector: "S3"; bucket: string; prefix: string }
  | { connector: Exclude<ConnectorType, "S3">; object: string }

/** What an integration is to do, as PutIntegration and the resource type say it. */
export interface FlowDefinition {
  flowName: string
  description: string | undefined
  kmsArn: string
  tasks: readonly FlowTask[]
  trigger: FlowTrigger
  source: FlowSource
  /** The field that says when a record changed; absent: for files, when the file did. */
  changedField: string | undefined
}
