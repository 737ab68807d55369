import type { RestOperations } from "../../../wire/rest-json/operation.ts"
import {
  fieldNameShape,
  flagShape,
  maxSize100Shape,
  messageShape,
  nameShape,
  sensitiveTextShape,
  string1To255Shape,
  tagMapShape,
  textShape,
  timestampShape,
  tokenShape,
  typeNameShape,
} from "./shapes.ts"

const comparisonOperatorShape = {
  kind: "string",
  values: [
    "INCLUSIVE",
    "EXCLUSIVE",
    "CONTAINS",
    "BEGINS_WITH",
    "ENDS_WITH",
    "GREATER_THAN",
    "LESS_THAN",
    "GREATER_THAN_OR_EQUAL",
    "LESS_THAN_OR_EQUAL",
    "EQUAL",
    "BEFORE",
    "AFTER",
    "ON",
    "BETWEEN",
    "NOT_BETWEEN",
  ],
} as const

const eventTriggerValuesShape = {
  kind: "list",
  itemName: "member",
  item: string1To255Shape,
  min: 1,
  max: 10,
} as const

const objectAttributeShape = {
  kind: "structure",
  members: {
    Source: textShape,
    FieldName: fieldNameShape,
    ComparisonOperator: comparisonOperatorShape,
    Values: eventTriggerValuesShape,
  },
  required: ["ComparisonOperator", "Values"],
} as const

const objectAttributesShape = {
  kind: "list",
  itemName: "member",
  item: objectAttributeShape,
  min: 1,
  max: 10,
} as const

const eventTriggerDimensionShape = {
  kind: "structure",
  members: { ObjectAttributes: objectAttributesShape },
  required: ["ObjectAttributes"],
} as const

const eventTriggerDimensionsShape = {
  kind: "list",
  itemName: "member",
  item: eventTriggerDimensionShape,
  min: 1,
  max: 10,
} as const

const eventTriggerLogicalOperatorShape = { kind: "string", values: ["ANY", "ALL", "NONE"] } as const

const eventTriggerConditionShape = {
  kind: "structure",
  members: {
    EventTriggerDimensions: eventTriggerDimensionsShape,
    LogicalOperator: eventTriggerLogicalOperatorShape,
  },
  required: ["EventTriggerDimensions", "LogicalOperator"],
} as const

const eventTriggerConditionsShape = {
  kind: "list",
  itemName: "member",
  item: eventTriggerConditionShape,
  min: 1,
  max: 5,
} as const

const optionalLongShape = { kind: "integer" } as const

const periodUnitShape = { kind: "string", values: ["HOURS", "DAYS", "WEEKS", "MONTHS"] } as const

const maxSize24Shape = { kind: "integer", min: 1, max: 24 } as const

const maxSize1000Shape = { kind: "integer", min: 1, max: 1000 } as const

const periodShape = {
  kind: "structure",
  members: {
    Unit: periodUnitShape,
    Value: maxSize24Shape,
    MaxInvocationsPerProfile: maxSize1000Shape,
    Unlimited: flagShape,
  },
  required: ["Unit", "Value"],
} as const

const periodsShape = { kind: "list", itemName: "member", item: periodShape, min: 1, max: 4 } as const

const eventTriggerLimitsShape = {
  kind: "structure",
  members: { EventExpiration: optionalLongShape, Periods: periodsShape },
} as const

const eventTriggerSummaryItemShape = {
  kind: "structure",
  members: {
    ObjectTypeName: typeNameShape,
    EventTriggerName: nameShape,
    Description: textShape,
    CreatedAt: timestampShape,
    LastUpdatedAt: timestampShape,
    Tags: tagMapShape,
  },
} as const

const eventTriggerSummaryListShape = {
  kind: "list",
  itemName: "member",
  item: eventTriggerSummaryItemShape,
} as const

export const eventTriggersOperations = {
  CreateEventTrigger: {
    method: "POST",
    uri: "/domains/{DomainName}/event-triggers/{EventTriggerName}",
    input: {
      kind: "structure",
      members: {
        DomainName: nameShape,
        EventTriggerName: nameShape,
        ObjectTypeName: typeNameShape,
        Description: sensitiveTextShape,
        EventTriggerConditions: eventTriggerConditionsShape,
        SegmentFilter: nameShape,
        EventTriggerLimits: eventTriggerLimitsShape,
        Tags: tagMapShape,
      },
      required: ["DomainName", "EventTriggerName", "ObjectTypeName", "EventTriggerConditions"],
    },
    output: {
      kind: "structure",
      members: {
        EventTriggerName: nameShape,
        ObjectTypeName: typeNameShape,
        Description: sensitiveTextShape,
        EventTriggerConditions: eventTriggerConditionsShape,
        SegmentFilter: nameShape,
        EventTriggerLimits: eventTriggerLimitsShape,
        CreatedAt: timestampShape,
        LastUpdatedAt: timestampShape,
        Tags: tagMapShape,
      },
    },
  },
  GetEventTrigger: {
    method: "GET",
    uri: "/domains/{DomainName}/event-triggers/{EventTriggerName}",
    input: {
      kind: "structure",
      members: { DomainName: nameShape, EventTriggerName: nameShape },
      required: ["DomainName", "EventTriggerName"],
    },
    output: {
      kind: "structure",
      members: {
        EventTriggerName: nameShape,
        ObjectTypeName: typeNameShape,
        Description: sensitiveTextShape,
        EventTriggerConditions: eventTriggerConditionsShape,
        SegmentFilter: nameShape,
        EventTriggerLimits: eventTriggerLimitsShape,
        CreatedAt: timestampShape,
        LastUpdatedAt: timestampShape,
        Tags: tagMapShape,
      },
    },
  },
  UpdateEventTrigger: {
    method: "PUT",
    uri: "/domains/{DomainName}/event-triggers/{EventTriggerName}",
    input: {
      kind: "structure",
      members: {
        DomainName: nameShape,
        EventTriggerName: nameShape,
        ObjectTypeName: typeNameShape,
        Description: sensitiveTextShape,
        EventTriggerConditions: eventTriggerConditionsShape,
        SegmentFilter: nameShape,
        EventTriggerLimits: eventTriggerLimitsShape,
      },
      required: ["DomainName", "EventTriggerName"],
    },
    output: {
      kind: "structure",
      members: {
        EventTriggerName: nameShape,
        ObjectTypeName: typeNameShape,
        Description: sensitiveTextShape,
        EventTriggerConditions: eventTriggerConditionsShape,
        SegmentFilter: nameShape,
        EventTriggerLimits: eventTriggerLimitsShape,
        CreatedAt: timestampShape,
        LastUpdatedAt: timestampShape,
        Tags: tagMapShape,
      },
    },
  },
  DeleteEventTrigger: {
    method: "DELETE",
    uri: "/domains/{DomainName}/event-triggers/{EventTriggerName}",
    input: {
      kind: "structure",
      members: { DomainName: nameShape, EventTriggerName: nameShape },
      required: ["DomainName", "EventTriggerName"],
    },
    output: { kind: "structure", members: { Message: messageShape }, required: ["Message"] },
  },
  ListEventTriggers: {
    method: "GET",
    uri: "/domains/{DomainName}/event-triggers",
    query: { NextToken: "next-token", MaxResults: "max-results" },
    input: {
      kind: "structure",
      members: { DomainName: nameShape, NextToken: tokenShape, MaxResults: maxSize100Shape },
      required: ["DomainName"],
    },
    output: { kind: "structure", members: { Items: eventTriggerSummaryListShape, NextToken: tokenShape } },
  },
} as const satisfies RestOperations
