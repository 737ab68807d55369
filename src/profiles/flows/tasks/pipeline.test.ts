import assert from "node:assert/strict"
import { test } from "node:test"
import { readFlowDefinition } from "../definition/read-definition.ts"
import { taskPipeline } from "./pipeline.ts"
import type { FlowRecord } from "./record.ts"

type Connector = "S3" | "Salesforce"

interface GivenTask {
  type: string
  operator?: string
  fields: string[]
  to?: string
  properties?: Record<string, string>
}

function definitionOf(tasks: readonly GivenTask[], connector: Connector = "S3"): unknown {
  return {
    FlowName: "flow-1",
    KmsArn: "arn:aws:kms:us-east-1:123456789012:key/1",
    TriggerConfig: { TriggerType: "OnDemand" },
    SourceFlowConfig: {
      ConnectorType: connector,
      SourceConnectorProperties:
        connector === "S3" ? { S3: { BucketName: "landing" } } : { Salesforce: { Object: "Contact" } },
    },
    Tasks: tasks.map(({ type, operator, fields, to, properties }) => ({
      TaskType: type,
      SourceFields: fields,
      ...(operator !== undefined && { ConnectorOperator: { [connector]: operator } }),
      ...(to !== undefined && { DestinationField: to }),
      ...(properties !== undefined && { TaskProperties: properties }),
    })),
  }
}

function outcomeOf(tasks: readonly GivenTask[], record: FlowRecord, connector: Connector = "S3") {
  return taskPipeline(readFlowDefinition(definitionOf(tasks, connector)).tasks)(structuredClone(record))
}

const filter = (operator: string, field: string, properties: Record<string, string>): GivenTask => ({
  type: "Filter",
  operator,
  fields: [field],
  properties,
})

/** Of a filter: the values that pass, and those that do not; `undefined` is an absent field. */
const filterCases: {
  operator: string
  properties: Record<string, string>
  passes: unknown[]
  fails: unknown[]
}[] = [
  {
    operator: "LESS_THAN",
    properties: { DATA_TYPE: "number", VALUE: "10" },
    passes: [9, "9.99", -1],
    fails: [10, "11", "x", null, undefined],
  },
  {
    operator: "GREATER_THAN",
    properties: { DATA_TYPE: "integer", VALUE: "10" },
    passes: [11, "100"],
    fails: [10, "9", null],
  },
  {
    operator: "LESS_THAN_OR_EQUAL_TO",
    properties: { DATA_TYPE: "decimal", VALUE: "1.10" },
    passes: ["1.1", 1],
    fails: ["1.1000001"],
  },
  {
    operator: "GREATER_THAN_OR_EQUAL_TO",
    properties: { DATA_TYPE: "long", VALUE: "9007199254740993" },
    passes: ["9007199254740993"],
    fails: ["9007199254740992"],
  },
  {
    operator: "EQUAL_TO",
    properties: { DATA_TYPE: "string", VALUE: "a,b" },
    passes: ["a,b"],
    fails: ["a", "A,B", undefined],
  },
  {
    operator: "EQUAL_TO",
    properties: { DATA_TYPE: "string", VALUES: "a, b" },
    passes: ["a", "b"],
    fails: ["a,b", "c"],
  },
  {
    operator: "EQUAL_TO",
    properties: { DATA_TYPE: "boolean", VALUE: "true" },
    passes: [true, "TRUE"],
    fails: [false, "no"],
  },
  { operator: "EQUAL_TO", properties: { VALUE: "10" }, passes: [10, "10.0"], fails: ["ten"] },
  {
    operator: "NOT_EQUAL_TO",
    properties: { DATA_TYPE: "string", VALUES: "a,b" },
    passes: ["c", undefined],
    fails: ["a", "b"],
  },
  {
    operator: "LESS_THAN",
    properties: { DATA_TYPE: "datetime", VALUE: "1700000000000" },
    passes: ["2023-11-14T22:13:19Z", "2023-11-14 22:13:19", 1699999999999],
    fails: ["2023-11-14T22:13:20Z", "soon"],
  },
  {
    operator: "GREATER_THAN",
    properties: { DATA_TYPE: "date", VALUE: "1700000000000" },
    passes: ["2023-11-15", "2023-11-14 22:13:21+00"],
    fails: ["2023-11-14"],
  },
  {
    operator: "BETWEEN",
    properties: { DATA_TYPE: "number", LOWER_BOUND: "1", UPPER_BOUND: "3" },
    passes: [1, 2, "3"],
    fails: [0.99, 3.01, null],
  },
  {
    operator: "BETWEEN",
    properties: { DATA_TYPE: "datetime", LOWER_BOUND: "0", UPPER_BOUND: "1000" },
    passes: ["1970-01-01T00:00:00Z", "1970-01-01T00:00:01Z"],
    fails: ["1970-01-01T00:00:01.001Z"],
  },
  { operator: "CONTAINS", properties: { VALUES: "ab,cd" }, passes: ["xaby", "cd"], fails: ["ac", undefined] },
]

for (const { operator, properties, passes, fails } of filterCases) {
  const connector = operator === "CONTAINS" ? "Salesforce" : "S3"
  const kindFor = (value: unknown) =>
    outcomeOf([filter(operator, "f", properties)], value === undefined ? {} : { f: value }, connector).kind
  test(`Filter ${operator} with ${JSON.stringify(properties)} passes what it says and drops the rest`, () => {
    for (const value of passes) assert.equal(kindFor(value), "kept", `passes ${JSON.stringify(value)}`)
    for (const value of fails) assert.equal(kindFor(value), "filtered", `drops ${JSON.stringify(value)}`)
  })
}

/** AppFlow writes a dollar before each field. */
function formatOf(text: string): string {
  return text.replaceAll("{", "$" + "{")
}

const changes: { name: string; tasks: GivenTask[]; record: FlowRecord; becomes: FlowRecord }[] = [
  {
    name: "Filter PROJECTION takes the named columns",
    tasks: [{ type: "Filter", operator: "PROJECTION", fields: ["a", "n.b"] }],
    record: { a: 1, n: { b: 2 }, c: 3 },
    becomes: { a: 1, "n.b": 2 },
  },
  {
    name: "Map NO_OP copies a field, also a nested one, and nothing else goes on",
    tasks: [
      { type: "Map", operator: "NO_OP", fields: ["a"], to: "x" },
      { type: "Map", fields: ["n.b"], to: "__proto__" },
    ],
    record: { a: "1", n: { b: 2 }, c: 3 },
    becomes: JSON.parse('{"x":"1","__proto__":2}') as FlowRecord,
  },
  {
    name: "Map converts to the destination's data type what can be converted",
    tasks: [
      {
        type: "Map",
        fields: ["n"],
        to: "text",
        properties: { SOURCE_DATA_TYPE: "number", DESTINATION_DATA_TYPE: "string" },
      },
      { type: "Map", fields: ["t"], to: "number", properties: { DESTINATION_DATA_TYPE: "integer" } },
      { type: "Map", fields: ["b"], to: "truth", properties: { DESTINATION_DATA_TYPE: "boolean" } },
      { type: "Map", fields: ["w"], to: "kept", properties: { DESTINATION_DATA_TYPE: "integer" } },
    ],
    record: { n: 7, t: "12", b: "True", w: "word" },
    becomes: { text: "7", number: 12, truth: true, kept: "word" },
  },
  {
    name: "Merge writes the field a,b by CONCAT_FORMAT, from which a Map reads",
    tasks: [
      {
        type: "Merge",
        operator: "NO_OP",
        fields: ["a", "b"],
        properties: { CONCAT_FORMAT: formatOf("{a} & {b}!") },
      },
      { type: "Map", fields: ["a,b"], to: "both" },
    ],
    record: { a: "x", b: 2 },
    becomes: { both: "x & 2!" },
  },
  {
    name: "Merge takes an absent field as empty",
    tasks: [
      { type: "Merge", fields: ["a", "b"], to: "t", properties: { CONCAT_FORMAT: formatOf("{a}-{b}") } },
      { type: "Map", fields: ["t"], to: "t" },
    ],
    record: { a: null },
    becomes: { t: "-" },
  },
  ...(
    [
      ["ADDITION", 0.3],
      ["SUBTRACTION", -0.1],
      ["MULTIPLICATION", 0.02],
      ["DIVISION", 0.5],
    ] as const
  ).map(([operator, result]) => ({
    name: `Arithmetic ${operator} is exact and goes by MATH_OPERATION_FIELDS_ORDER`,
    tasks: [
      {
        type: "Arithmetic",
        operator,
        fields: ["b", "a"],
        properties: { MATH_OPERATION_FIELDS_ORDER: "a,b" },
      },
      { type: "Map", fields: ["b,a"], to: "r" },
    ],
    record: { a: "0.1", b: 0.2 },
    becomes: { r: result },
  })),
  {
    name: "Arithmetic keeps digits that JavaScript's numbers have not",
    tasks: [
      { type: "Arithmetic", operator: "ADDITION", fields: ["a", "b"] },
      { type: "Map", fields: ["a,b"], to: "r" },
    ],
    record: { a: "9007199254740992", b: "1" },
    becomes: { r: "9007199254740993" },
  },
  {
    name: "Arithmetic of what is no number, and a division by zero, is no value",
    tasks: [
      { type: "Arithmetic", operator: "ADDITION", fields: ["a", "w"], to: "s" },
      { type: "Arithmetic", operator: "DIVISION", fields: ["a", "z"], to: "q" },
      { type: "Map", fields: ["s"], to: "s" },
      { type: "Map", fields: ["q"], to: "q" },
      { type: "Map", fields: ["a"], to: "a" },
    ],
    record: { a: 1, w: "word", z: 0 },
    becomes: { a: 1 },
  },
  {
    name: "Mask MASK_ALL has a length that says nothing of the value's",
    tasks: [{ type: "Mask", operator: "MASK_ALL", fields: ["a"] }],
    record: { a: "secret text", b: 1 },
    becomes: { a: "*****", b: 1 },
  },
  {
    name: "Mask MASK_FIRST_N hides so many characters by MASK_VALUE",
    tasks: [
      {
        type: "Mask",
        operator: "MASK_FIRST_N",
        fields: ["a"],
        properties: { MASK_LENGTH: "2", MASK_VALUE: "#" },
      },
    ],
    record: { a: "😀bc" },
    becomes: { a: "##c" },
  },
  {
    name: "Mask MASK_LAST_N hides all of a shorter value",
    tasks: [{ type: "Mask", operator: "MASK_LAST_N", fields: ["a", "n"], properties: { MASK_LENGTH: "4" } }],
    record: { a: "abc", n: 1234567 },
    becomes: { a: "***", n: "123****" },
  },
  {
    name: "Mask hides a field also from a Map before it in the list, and inside its nested object",
    tasks: [
      { type: "Map", fields: ["n.a"], to: "x" },
      { type: "Map", fields: ["n"], to: "whole" },
      { type: "Mask", operator: "MASK_ALL", fields: ["n.a"], properties: { MASK_LENGTH: "1" } },
    ],
    record: { n: { a: "secret" } },
    becomes: { x: "*", whole: { a: "*" } },
  },
  {
    name: "Truncate keeps so many characters",
    tasks: [{ type: "Truncate", operator: "NO_OP", fields: ["a"], properties: { TRUNCATE_LENGTH: "2" } }],
    record: { a: "😀bcd" },
    becomes: { a: "😀b" },
  },
]

for (const { name, tasks, record, becomes } of changes)
  test(name, () => {
    const outcome = outcomeOf(tasks, record)
    assert.equal(outcome.kind, "kept")
    assert.equal(JSON.stringify(outcome.kind === "kept" && outcome.record), JSON.stringify(becomes))
  })

const validations: { operator: string; passes: unknown[]; fails: unknown[] }[] = [
  { operator: "VALIDATE_NON_NULL", passes: ["", 0, false], fails: [null, undefined] },
  { operator: "VALIDATE_NON_ZERO", passes: [1, "-1", "word", undefined], fails: [0, "0.00"] },
  { operator: "VALIDATE_NON_NEGATIVE", passes: [0, "5", "word"], fails: [-0.1, "-5"] },
  { operator: "VALIDATE_NUMERIC", passes: [1, "1e3", "-.5"], fails: ["one", "", null, undefined, true] },
]

for (const { operator, passes, fails } of validations)
  for (const action of ["DropRecord", "DropDataset"])
    test(`Validate ${operator} with ${action} keeps what is valid and does the action otherwise`, () => {
      const task = { type: "Validate", operator, fields: ["f"], properties: { VALIDATION_ACTION: action } }
      const kindFor = (value: unknown) => outcomeOf([task], value === undefined ? {} : { f: value }).kind
      for (const value of passes) assert.equal(kindFor(value), "kept", `passes ${JSON.stringify(value)}`)
      for (const value of fails)
        assert.equal(
          kindFor(value),
          action === "DropRecord" ? "dropped" : "stop",
          `fails ${JSON.stringify(value)}`,
        )
    })

test("filters of one flow are joined by AND", () => {
  const both = [
    filter("GREATER_THAN", "a", { DATA_TYPE: "number", VALUE: "1" }),
    filter("EQUAL_TO", "b", { VALUE: "x" }),
  ]
  assert.equal(outcomeOf(both, { a: 2, b: "x" }).kind, "kept")
  assert.equal(outcomeOf(both, { a: 2, b: "y" }).kind, "filtered")
  assert.equal(outcomeOf(both, { a: 1, b: "x" }).kind, "filtered")
})
