import { z } from "zod"
import { Fault } from "../../../domain/faults.ts"
import {
  type ConnectorType,
  connectorNamed,
  operatorsOfConnector,
  operatorsOfTask,
  taskTypes,
} from "./connectors.ts"
import {
  type FlowDefinition,
  type FlowSource,
  type FlowTask,
  type FlowTrigger,
  propertyKeys,
} from "./flow-definition.ts"
import { parseRate } from "./schedule.ts"
import { taskMistake } from "./task-properties.ts"

const tasksAtMost = 500

const text = z.string()
const property = z.enum(propertyKeys)

/** The service has a map, the resource type a list of pairs. */
const taskProperties = z.union([
  z.partialRecord(property, text.min(1).max(2_048)),
  z
    .array(z.object({ OperatorPropertyKey: property, Property: text.min(1).max(2_048) }))
    .transform((pairs) => Object.fromEntries(pairs.map((one) => [one.OperatorPropertyKey, one.Property]))),
])

const task = z.object({
  ConnectorOperator: z.record(text, text).optional(),
  SourceFields: z.array(text.max(2_048)),
  DestinationField: text.max(256).optional(),
  TaskType: z.enum(taskTypes),
  TaskProperties: taskProperties.optional(),
})

/** CloudFormation: a number of seconds. The service's own door has read its timestamp into one. */
const seconds = z.number().finite()

const scheduled = z.object({
  ScheduleExpression: text.max(256),
  DataPullMode: z.enum(["Incremental", "Complete"]).optional(),
  ScheduleStartTime: seconds.optional(),
  ScheduleEndTime: seconds.optional(),
  Timezone: text.max(256).optional(),
  ScheduleOffset: z.number().int().min(0).max(36_000).optional(),
  FirstExecutionFrom: seconds.optional(),
})

const connectorObject = z.object({ Object: text.max(512).regex(/\S+/) })

const definition = z.object({
  FlowName: text.max(256).regex(/^[a-zA-Z0-9][\w!@#.-]+$/),
  Description: text
    .max(2_048)
    .regex(/^[\w!@#\-.?,\s]*$/)
    .optional(),
  KmsArn: text
    .min(20)
    .max(2_048)
    .regex(/^arn:aws[a-z-]*:kms:.*:[0-9]+:.*$/),
  Tasks: z.array(task).max(tasksAtMost),
  TriggerConfig: z.object({
    TriggerType: z.enum(["Scheduled", "Event", "OnDemand"]),
    TriggerProperties: z.object({ Scheduled: scheduled.optional() }).optional(),
  }),
  SourceFlowConfig: z.object({
    ConnectorType: text,
    ConnectorProfileName: text.max(256).optional(),
    IncrementalPullConfig: z.object({ DatetimeTypeFieldName: text.max(256).optional() }).optional(),
    SourceConnectorProperties: z.object({
      S3: z.object({ BucketName: text.min(3).max(63), BucketPrefix: text.max(512).optional() }).optional(),
      Marketo: connectorObject.optional(),
      Salesforce: connectorObject.optional(),
      ServiceNow: connectorObject.optional(),
      Zendesk: connectorObject.optional(),
    }),
  }),
})

type Given = z.infer<typeof definition>

/**
 * Reads a FlowDefinition in the service's form or the resource type's.
 *
 * @throws Fault validation, which names the member
 */
export function readFlowDefinition(given: unknown): FlowDefinition {
  const read = definition.safeParse(given)
  if (!read.success) throw mistakeIn(read.error)
  const { FlowName, Description, KmsArn, Tasks, TriggerConfig, SourceFlowConfig } = read.data
  const source = sourceOf(SourceFlowConfig)
  return {
    flowName: FlowName,
    description: Description,
    kmsArn: KmsArn,
    tasks: Tasks.map((one, index) => taskOf(one, index, source.connector)),
    trigger: triggerOf(TriggerConfig),
    source,
    changedField: SourceFlowConfig.IncrementalPullConfig?.DatetimeTypeFieldName,
  }
}

function mistakeIn({ issues }: z.ZodError): Fault {
  const [first] = issues
  const at = ["FlowDefinition", ...(first?.path ?? [])].join(".")
  return new Fault("validation", `${at}: ${first?.message ?? "is wrong"}`)
}

function wrong(member: string, what: string): Fault {
  return new Fault("validation", `FlowDefinition.${member}: ${what}`)
}

function sourceOf({
  ConnectorType,
  SourceConnectorProperties: given,
}: Given["SourceFlowConfig"]): FlowSource {
  const connector = connectorNamed(ConnectorType)
  if (connector === undefined)
    throw wrong("SourceFlowConfig.ConnectorType", `'${ConnectorType}' is no connector`)
  const spelled = connector === "Servicenow" ? "ServiceNow" : connector
  const others = Object.keys(given).filter((name) => name !== spelled)
  if (others.length > 0 || given[spelled] === undefined)
    throw wrong("SourceFlowConfig.SourceConnectorProperties", `must have ${spelled}, and nothing else`)
  if (connector !== "S3") return { connector, object: given[spelled as "Zendesk"]?.Object ?? "" }
  return { connector, bucket: given.S3?.BucketName ?? "", prefix: given.S3?.BucketPrefix ?? "" }
}

function triggerOf({ TriggerType, TriggerProperties }: Given["TriggerConfig"]): FlowTrigger {
  const given = TriggerProperties?.Scheduled
  const at = "TriggerConfig.TriggerProperties.Scheduled"
  if (TriggerType !== "Scheduled") {
    if (given !== undefined) throw wrong(at, `is for the trigger type Scheduled, not ${TriggerType}`)
    return { kind: TriggerType === "Event" ? "event" : "onDemand" }
  }
  if (given === undefined) throw wrong(at, "is needed for the trigger type Scheduled")
  const every = parseRate(given.ScheduleExpression)
  if (every === undefined)
    throw wrong(`${at}.ScheduleExpression`, "must be like rate(15minutes), rate(1hours), rate(1days)")
  const startMs = msOf(given.ScheduleStartTime)
  const endMs = msOf(given.ScheduleEndTime)
  if (startMs !== undefined && endMs !== undefined && endMs <= startMs)
    throw wrong(`${at}.ScheduleEndTime`, "must be after ScheduleStartTime")
  return {
    kind: "scheduled",
    every,
    mode: given.DataPullMode ?? "Incremental",
    startMs,
    endMs,
    offsetMs: (given.ScheduleOffset ?? 0) * 1_000,
    firstFromMs: msOf(given.FirstExecutionFrom),
  }
}

function msOf(givenSeconds: number | undefined): number | undefined {
  return givenSeconds === undefined ? undefined : Math.round(givenSeconds * 1_000)
}

function taskOf(given: Given["Tasks"][number], index: number, connector: ConnectorType): FlowTask {
  const { TaskType: type, SourceFields: sourceFields, DestinationField } = given
  const at = `Tasks.${index}`
  const operator = operatorOf(given, at, connector)
  const common = {
    sourceFields,
    destinationField: DestinationField === "" ? undefined : DestinationField,
    properties: given.TaskProperties ?? {},
  }
  const read = { type, operator, ...common } as FlowTask
  const mistake = taskMistake(read)
  if (mistake !== undefined) throw wrong(at, mistake)
  return read
}

/** Tasks that have one operator only need not name it. */
function operatorOf(
  { TaskType, ConnectorOperator = {} }: Given["Tasks"][number],
  at: string,
  connector: ConnectorType,
) {
  const [[name, named] = ["", "NO_OP"], ...others] = Object.entries(ConnectorOperator)
  if (others.length > 0 || (name !== "" && connectorNamed(name) !== connector))
    throw wrong(`${at}.ConnectorOperator`, `must be for ${connector}, the flow's connector, only`)
  const known: readonly string[] = operatorsOfTask[TaskType]
  const ofConnector: ReadonlySet<string> = operatorsOfConnector[connector]
  if (!known.includes(named))
    throw wrong(
      `${at}.ConnectorOperator`,
      `${named} is no operator of a ${TaskType} task: ${known.join(", ")}`,
    )
  if (!ofConnector.has(named)) throw wrong(`${at}.ConnectorOperator`, `${connector} has no operator ${named}`)
  return named
}
