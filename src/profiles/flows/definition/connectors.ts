/** Which operators a task may use: by its connector (AppFlow's own sets, as the resource type publishes them) and by its type. */

export const connectorTypes = ["Salesforce", "Marketo", "Servicenow", "Zendesk", "S3"] as const
export type ConnectorType = (typeof connectorTypes)[number]

export const taskTypes = ["Arithmetic", "Filter", "Map", "Mask", "Merge", "Truncate", "Validate"] as const
export type TaskType = (typeof taskTypes)[number]

const comparisons = [
  "LESS_THAN",
  "GREATER_THAN",
  "LESS_THAN_OR_EQUAL_TO",
  "GREATER_THAN_OR_EQUAL_TO",
  "EQUAL_TO",
  "NOT_EQUAL_TO",
] as const
const filters = ["PROJECTION", "CONTAINS", "BETWEEN", ...comparisons] as const
const arithmetic = ["ADDITION", "SUBTRACTION", "MULTIPLICATION", "DIVISION"] as const
const masks = ["MASK_ALL", "MASK_FIRST_N", "MASK_LAST_N"] as const
const validations = [
  "VALIDATE_NON_NULL",
  "VALIDATE_NON_ZERO",
  "VALIDATE_NON_NEGATIVE",
  "VALIDATE_NUMERIC",
] as const

export type Comparison = (typeof comparisons)[number]
export type FilterOperator = (typeof filters)[number]
export type ArithmeticOperator = (typeof arithmetic)[number]
export type MaskOperator = (typeof masks)[number]
export type ValidationOperator = (typeof validations)[number]
export type Operator = FilterOperator | ArithmeticOperator | MaskOperator | ValidationOperator | "NO_OP"

const everywhere: readonly Operator[] = [...arithmetic, ...masks, ...validations, "NO_OP"]

export const operatorsOfConnector: Readonly<Record<ConnectorType, ReadonlySet<Operator>>> = {
  Marketo: new Set(["PROJECTION", "LESS_THAN", "GREATER_THAN", "BETWEEN", ...everywhere]),
  S3: new Set(["PROJECTION", "BETWEEN", ...comparisons, ...everywhere]),
  Salesforce: new Set([...filters, ...everywhere]),
  Servicenow: new Set([...filters, ...everywhere]),
  Zendesk: new Set(["PROJECTION", "GREATER_THAN", ...everywhere]),
}

export const operatorsOfTask = {
  Filter: filters,
  Arithmetic: arithmetic,
  Mask: masks,
  Validate: validations,
  Map: ["NO_OP"],
  Merge: ["NO_OP"],
  Truncate: ["NO_OP"],
} as const satisfies Record<TaskType, readonly Operator[]>

/** CloudFormation writes `ServiceNow`, the service `Servicenow`. `undefined`: there is no such connector. */
export function connectorNamed(text: string): ConnectorType | undefined {
  return connectorTypes.find((one) => one.toLowerCase() === text.toLowerCase())
}
