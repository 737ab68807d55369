import assert from "node:assert/strict"
import { test } from "node:test"
import { Fault } from "../../../domain/faults.ts"
import type { ScheduledTrigger } from "./flow-definition.ts"
import { readFlowDefinition } from "./read-definition.ts"
import { dueTime, parseRate } from "./schedule.ts"

const minute = 60_000
const day = 86_400_000

const whole = {
  FlowName: "contacts",
  Description: "All contacts, hourly",
  KmsArn: "arn:aws:kms:us-east-1:123456789012:key/1",
  SourceFlowConfig: {
    ConnectorType: "S3",
    SourceConnectorProperties: { S3: { BucketName: "landing", BucketPrefix: "contacts" } },
    IncrementalPullConfig: { DatetimeTypeFieldName: "changed" },
  },
  TriggerConfig: {
    TriggerType: "Scheduled",
    TriggerProperties: {
      Scheduled: {
        ScheduleExpression: "rate(5minutes)",
        DataPullMode: "Complete",
        ScheduleStartTime: 1_700_000_000,
        ScheduleEndTime: 1_800_000_000.5,
        ScheduleOffset: 60,
        FirstExecutionFrom: 1_600_000_000,
        Timezone: "Europe/Berlin",
      },
    },
  },
  Tasks: [
    {
      TaskType: "Truncate",
      SourceFields: ["a"],
      TaskProperties: [{ OperatorPropertyKey: "TRUNCATE_LENGTH", Property: "3" }],
    },
  ],
}

test("a definition in the resource type's form reads as the one in the service's form", () => {
  const read = readFlowDefinition(whole)
  assert.deepEqual(
    readFlowDefinition({
      ...whole,
      Tasks: [{ TaskType: "Truncate", SourceFields: ["a"], TaskProperties: { TRUNCATE_LENGTH: "3" } }],
    }),
    read,
  )
  assert.deepEqual(read.trigger, {
    kind: "scheduled",
    every: { unit: "fixed", everyMs: 5 * minute },
    mode: "Complete",
    startMs: 1_700_000_000_000,
    endMs: 1_800_000_000_500,
    offsetMs: minute,
    firstFromMs: 1_600_000_000_000,
  })
  assert.deepEqual(read.source, { connector: "S3", bucket: "landing", prefix: "contacts" })
  assert.equal(read.changedField, "changed")
})

test("both spellings of the connector ServiceNow are one", () => {
  for (const spelled of ["ServiceNow", "Servicenow"]) {
    const source = {
      ConnectorType: spelled,
      SourceConnectorProperties: { ServiceNow: { Object: "task" } },
    }
    const read = readFlowDefinition({ ...whole, SourceFlowConfig: source })
    assert.deepEqual(read.source, { connector: "Servicenow", object: "task" })
  }
})

const task = (given: object) => ({ ...whole, Tasks: [{ SourceFields: ["a"], ...given }] })
const scheduled = (given: object) => ({
  ...whole,
  TriggerConfig: { TriggerType: "Scheduled", TriggerProperties: { Scheduled: given } },
})

const refused: [string, unknown, RegExp][] = [
  ["a flow name that begins with a dot", { ...whole, FlowName: ".x" }, /FlowName/],
  ["a description with a quote", { ...whole, Description: "it's" }, /Description/],
  ["no key", { ...whole, KmsArn: undefined }, /KmsArn/],
  [
    "a connector that is none",
    { ...whole, SourceFlowConfig: { ...whole.SourceFlowConfig, ConnectorType: "Oracle" } },
    /no connector/,
  ],
  [
    "properties of another connector",
    {
      ...whole,
      SourceFlowConfig: {
        ConnectorType: "Zendesk",
        SourceConnectorProperties: { S3: { BucketName: "landing" } },
      },
    },
    /must have Zendesk/,
  ],
  ["a schedule without an expression", scheduled({}), /ScheduleExpression/],
  [
    "a schedule that is no rate",
    scheduled({ ScheduleExpression: "cron(0 12 * * ? *)" }),
    /must be like rate/,
  ],
  [
    "an end before the start",
    scheduled({ ScheduleExpression: "rate(1hours)", ScheduleStartTime: 2, ScheduleEndTime: 1 }),
    /must be after/,
  ],
  [
    "an offset over ten hours",
    scheduled({ ScheduleExpression: "rate(1hours)", ScheduleOffset: 36_001 }),
    /ScheduleOffset/,
  ],
  [
    "a schedule of a flow on demand",
    {
      ...whole,
      TriggerConfig: {
        TriggerType: "OnDemand",
        TriggerProperties: { Scheduled: { ScheduleExpression: "rate(1hours)" } },
      },
    },
    /not OnDemand/,
  ],
  [
    "CONTAINS, which S3 has not",
    task({ TaskType: "Filter", ConnectorOperator: { S3: "CONTAINS" }, TaskProperties: { VALUE: "x" } }),
    /S3 has no operator/,
  ],
  [
    "an operator of another task type",
    task({ TaskType: "Mask", ConnectorOperator: { S3: "ADDITION" } }),
    /no operator of a Mask/,
  ],
  [
    "an operator of another connector",
    task({ TaskType: "Map", DestinationField: "b", ConnectorOperator: { Zendesk: "NO_OP" } }),
    /must be for S3/,
  ],
  ["a map without a destination", task({ TaskType: "Map" }), /DestinationField/],
  [
    "a comparison without a value",
    task({ TaskType: "Filter", ConnectorOperator: { S3: "LESS_THAN" } }),
    /needs VALUE/,
  ],
  [
    "BETWEEN with one bound",
    task({ TaskType: "Filter", ConnectorOperator: { S3: "BETWEEN" }, TaskProperties: { LOWER_BOUND: "1" } }),
    /UPPER_BOUND/,
  ],
  ["a merge without a format", task({ TaskType: "Merge" }), /CONCAT_FORMAT/],
  [
    "a mask of two characters",
    task({ TaskType: "Mask", ConnectorOperator: { S3: "MASK_ALL" }, TaskProperties: { MASK_VALUE: "**" } }),
    /one character/,
  ],
  [
    "a mask without its length",
    task({ TaskType: "Mask", ConnectorOperator: { S3: "MASK_FIRST_N" } }),
    /MASK_LENGTH/,
  ],
  [
    "a length that is no number",
    task({ TaskType: "Truncate", TaskProperties: { TRUNCATE_LENGTH: "-1" } }),
    /TRUNCATE_LENGTH/,
  ],
  [
    "an action that is none",
    task({
      TaskType: "Validate",
      ConnectorOperator: { S3: "VALIDATE_NUMERIC" },
      TaskProperties: { VALIDATION_ACTION: "Ignore" },
    }),
    /VALIDATION_ACTION/,
  ],
  [
    "an order of other fields",
    {
      ...whole,
      Tasks: [
        {
          TaskType: "Arithmetic",
          SourceFields: ["a", "b"],
          ConnectorOperator: { S3: "ADDITION" },
          TaskProperties: { MATH_OPERATION_FIELDS_ORDER: "a,c" },
        },
      ],
    },
    /names c/,
  ],
]

for (const [what, given, message] of refused)
  test(`a definition is refused for ${what}`, () => {
    assert.throws(
      () => readFlowDefinition(given),
      (error) => error instanceof Fault && error.kind === "validation" && message.test(error.message),
    )
  })

test("a rate is read with and without blanks; what is none is not", () => {
  assert.deepEqual(parseRate("rate(5minutes)"), { unit: "fixed", everyMs: 5 * minute })
  assert.deepEqual(parseRate(" Rate( 1 hour )"), { unit: "fixed", everyMs: 60 * minute })
  assert.deepEqual(parseRate("rate(2weeks)"), { unit: "fixed", everyMs: 14 * day })
  assert.deepEqual(parseRate("rate(1months)"), { unit: "months", months: 1 })
  for (const text of [
    "rate()",
    "rate(0minutes)",
    "rate(-5minutes)",
    "rate(5seconds)",
    "5minutes",
    "rate(1.5hours)",
  ])
    assert.equal(parseRate(text), undefined, text)
})

const hourly: ScheduledTrigger = {
  kind: "scheduled",
  every: { unit: "fixed", everyMs: 60 * minute },
  mode: "Incremental",
  startMs: 0,
  endMs: undefined,
  offsetMs: 0,
  firstFromMs: undefined,
}

test("a schedule is due at its times only, and missed times are one run", () => {
  const due = (nowMs: number, lastMs?: number, trigger = hourly) =>
    dueTime(trigger, { madeMs: 5, lastMs, nowMs })
  assert.equal(due(-1), undefined)
  assert.equal(due(0), 0)
  assert.equal(due(59 * minute, 0), undefined)
  assert.equal(due(60 * minute, 0), 60 * minute)
  assert.equal(due(310 * minute, 60 * minute), 300 * minute)
  assert.equal(due(310 * minute, 300 * minute), undefined)
  const later = { ...hourly, offsetMs: 10 * minute }
  assert.equal(due(69 * minute, 0, later), undefined)
  assert.equal(due(70 * minute, 0, later), 60 * minute)
  assert.equal(due(500 * minute, 0, { ...hourly, endMs: 90 * minute }), 60 * minute)
  assert.equal(due(4, undefined, { ...hourly, startMs: undefined }), undefined)
  assert.equal(due(5, undefined, { ...hourly, startMs: undefined }), 5)
})

test("months are counted by the calendar", () => {
  const monthly: ScheduledTrigger = {
    ...hourly,
    every: { unit: "months", months: 1 },
    startMs: Date.UTC(2026, 0, 31, 6),
  }
  const due = (nowMs: number) => dueTime(monthly, { madeMs: 0, lastMs: undefined, nowMs })
  assert.equal(due(Date.UTC(2026, 1, 28, 5, 59)), Date.UTC(2026, 0, 31, 6))
  assert.equal(due(Date.UTC(2026, 1, 28, 6)), Date.UTC(2026, 1, 28, 6))
  assert.equal(due(Date.UTC(2026, 2, 31, 6)), Date.UTC(2026, 2, 31, 6))
})
