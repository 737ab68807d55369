/** What an event trigger watches for, as the API names the members. */
export interface EventTrigger {
  readonly DomainName: string
  readonly EventTriggerName: string
  /** Objects of this type are looked at when they are ingested. */
  readonly ObjectTypeName: string
  readonly Description?: string
  /** One that is met is enough. */
  readonly EventTriggerConditions: readonly TriggerCondition[]
  readonly EventTriggerLimits?: TriggerLimits
  /** A segment that the profile has to be in. */
  readonly SegmentFilter?: string
}

export interface TriggerCondition {
  readonly EventTriggerDimensions: readonly TriggerDimension[]
  /** Of the dimensions: some, each, or none of them is met. */
  readonly LogicalOperator: "ANY" | "ALL" | "NONE"
}

export interface TriggerDimension {
  /** All of them have to be met. */
  readonly ObjectAttributes: readonly ObjectAttribute[]
}

export interface ObjectAttribute {
  /** A path in the object as it came: `order.total`. */
  readonly Source?: string
  /** A field of the object type. */
  readonly FieldName?: string
  readonly ComparisonOperator: ComparisonOperator
  readonly Values: readonly string[]
}

export type ComparisonOperator =
  | "INCLUSIVE"
  | "EXCLUSIVE"
  | "CONTAINS"
  | "BEGINS_WITH"
  | "ENDS_WITH"
  | "GREATER_THAN"
  | "LESS_THAN"
  | "GREATER_THAN_OR_EQUAL"
  | "LESS_THAN_OR_EQUAL"
  | "EQUAL"
  | "BEFORE"
  | "AFTER"
  | "ON"
  | "BETWEEN"
  | "NOT_BETWEEN"

export interface TriggerLimits {
  /** An object that is older than this when it is looked at triggers nothing; in ms. */
  readonly EventExpiration?: number
  readonly Periods?: readonly TriggerPeriod[]
}

/** The last `Value` units, up to now. */
export interface TriggerPeriod {
  readonly Unit: "MINUTES" | "HOURS" | "DAYS" | "WEEKS" | "MONTHS"
  readonly Value: number
  /** How often the trigger may fire for one profile in the period; 1 when neither this nor Unlimited is given. */
  readonly MaxInvocationsPerProfile?: number
  readonly Unlimited?: boolean
}
