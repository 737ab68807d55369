import type { RestOperations } from "../../../wire/rest-json/operation.ts"
import {
  encryptionKeyShape,
  expirationDaysIntegerShape,
  flagShape,
  maxSize100Shape,
  messageShape,
  nameShape,
  string1To255Shape,
  tagMapShape,
  textShape,
  timestampShape,
  tokenShape,
} from "./shapes.ts"

const sqsQueueUrlShape = { kind: "string", min: 0, max: 255 } as const

const jobScheduleDayOfTheWeekShape = {
  kind: "string",
  values: ["SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"],
} as const

const jobScheduleTimeShape = {
  kind: "string",
  min: 3,
  max: 5,
  pattern: "([0-9]|0[0-9]|1[0-9]|2[0-3]):[0-5][0-9]",
} as const

const jobScheduleShape = {
  kind: "structure",
  members: { DayOfTheWeek: jobScheduleDayOfTheWeekShape, Time: jobScheduleTimeShape },
  required: ["DayOfTheWeek", "Time"],
} as const

const matchingAttributesShape = {
  kind: "list",
  itemName: "member",
  item: string1To255Shape,
  min: 1,
  max: 20,
} as const

const matchingAttributesListShape = {
  kind: "list",
  itemName: "member",
  item: matchingAttributesShape,
  min: 1,
  max: 10,
} as const

export const consolidationShape = {
  kind: "structure",
  members: { MatchingAttributesList: matchingAttributesListShape },
  required: ["MatchingAttributesList"],
} as const

const conflictResolvingModelShape = { kind: "string", values: ["RECENCY", "SOURCE"] } as const

export const conflictResolutionShape = {
  kind: "structure",
  members: { ConflictResolvingModel: conflictResolvingModelShape, SourceName: string1To255Shape },
  required: ["ConflictResolvingModel"],
} as const

export const double0To1Shape = { kind: "double", min: 0, max: 1 } as const

export const autoMergingShape = {
  kind: "structure",
  members: {
    Enabled: flagShape,
    Consolidation: consolidationShape,
    ConflictResolution: conflictResolutionShape,
    MinAllowedConfidenceScoreForMerging: double0To1Shape,
  },
  required: ["Enabled"],
} as const

const s3BucketNameShape = { kind: "string", min: 3, max: 63, pattern: "[a-z0-9.-]+" } as const

const s3KeyNameCustomerOutputConfigShape = { kind: "string", min: 1, max: 800, pattern: ".*" } as const

const s3ExportingConfigShape = {
  kind: "structure",
  members: { S3BucketName: s3BucketNameShape, S3KeyName: s3KeyNameCustomerOutputConfigShape },
  required: ["S3BucketName"],
} as const

const exportingConfigShape = { kind: "structure", members: { S3Exporting: s3ExportingConfigShape } } as const

const matchingRequestShape = {
  kind: "structure",
  members: {
    Enabled: flagShape,
    JobSchedule: jobScheduleShape,
    AutoMerging: autoMergingShape,
    ExportingConfig: exportingConfigShape,
  },
  required: ["Enabled"],
} as const

const matchingRuleAttributeListShape = {
  kind: "list",
  itemName: "member",
  item: string1To255Shape,
  min: 1,
  max: 15,
} as const

const matchingRuleShape = {
  kind: "structure",
  members: { Rule: matchingRuleAttributeListShape },
  required: ["Rule"],
} as const

const matchingRulesShape = {
  kind: "list",
  itemName: "member",
  item: matchingRuleShape,
  min: 1,
  max: 15,
} as const

const maxAllowedRuleLevelForMergingShape = { kind: "integer", min: 1, max: 15 } as const

const maxAllowedRuleLevelForMatchingShape = { kind: "integer", min: 1, max: 15 } as const

const attributeMatchingModelShape = { kind: "string", values: ["ONE_TO_ONE", "MANY_TO_MANY"] } as const

const addressListShape = {
  kind: "list",
  itemName: "member",
  item: string1To255Shape,
  min: 1,
  max: 4,
} as const

const phoneNumberListShape = {
  kind: "list",
  itemName: "member",
  item: string1To255Shape,
  min: 1,
  max: 4,
} as const

const emailListShape = { kind: "list", itemName: "member", item: string1To255Shape, min: 1, max: 3 } as const

const attributeTypesSelectorShape = {
  kind: "structure",
  members: {
    AttributeMatchingModel: attributeMatchingModelShape,
    Address: addressListShape,
    PhoneNumber: phoneNumberListShape,
    EmailAddress: emailListShape,
  },
  required: ["AttributeMatchingModel"],
} as const

const ruleBasedMatchingRequestShape = {
  kind: "structure",
  members: {
    Enabled: flagShape,
    MatchingRules: matchingRulesShape,
    MaxAllowedRuleLevelForMerging: maxAllowedRuleLevelForMergingShape,
    MaxAllowedRuleLevelForMatching: maxAllowedRuleLevelForMatchingShape,
    AttributeTypesSelector: attributeTypesSelectorShape,
    ConflictResolution: conflictResolutionShape,
    ExportingConfig: exportingConfigShape,
  },
  required: ["Enabled"],
} as const

const dataStoreRequestShape = { kind: "structure", members: { Enabled: flagShape } } as const

const matchingResponseShape = {
  kind: "structure",
  members: {
    Enabled: flagShape,
    JobSchedule: jobScheduleShape,
    AutoMerging: autoMergingShape,
    ExportingConfig: exportingConfigShape,
  },
} as const

const ruleBasedMatchingStatusShape = { kind: "string", values: ["PENDING", "IN_PROGRESS", "ACTIVE"] } as const

const ruleBasedMatchingResponseShape = {
  kind: "structure",
  members: {
    Enabled: flagShape,
    MatchingRules: matchingRulesShape,
    Status: ruleBasedMatchingStatusShape,
    MaxAllowedRuleLevelForMerging: maxAllowedRuleLevelForMergingShape,
    MaxAllowedRuleLevelForMatching: maxAllowedRuleLevelForMatchingShape,
    AttributeTypesSelector: attributeTypesSelectorShape,
    ConflictResolution: conflictResolutionShape,
    ExportingConfig: exportingConfigShape,
  },
} as const

const percentageIntegerShape = { kind: "integer", min: 0, max: 100 } as const

const readinessShape = {
  kind: "structure",
  members: { ProgressPercentage: percentageIntegerShape, Message: textShape },
} as const

const dataStoreResponseShape = {
  kind: "structure",
  members: { Enabled: flagShape, Readiness: readinessShape },
} as const

const longNumberShape = { kind: "integer" } as const

const domainStatsShape = {
  kind: "structure",
  members: {
    ProfileCount: longNumberShape,
    MeteringProfileCount: longNumberShape,
    ObjectCount: longNumberShape,
    TotalSize: longNumberShape,
  },
} as const

const listDomainItemShape = {
  kind: "structure",
  members: {
    DomainName: nameShape,
    CreatedAt: timestampShape,
    LastUpdatedAt: timestampShape,
    Tags: tagMapShape,
  },
  required: ["DomainName", "CreatedAt", "LastUpdatedAt"],
} as const

const domainListShape = { kind: "list", itemName: "member", item: listDomainItemShape } as const

export const domainsOperations = {
  CreateDomain: {
    method: "POST",
    uri: "/domains/{DomainName}",
    input: {
      kind: "structure",
      members: {
        DomainName: nameShape,
        DefaultExpirationDays: expirationDaysIntegerShape,
        DefaultEncryptionKey: encryptionKeyShape,
        DeadLetterQueueUrl: sqsQueueUrlShape,
        Matching: matchingRequestShape,
        RuleBasedMatching: ruleBasedMatchingRequestShape,
        DataStore: dataStoreRequestShape,
        Tags: tagMapShape,
      },
      required: ["DomainName", "DefaultExpirationDays"],
    },
    output: {
      kind: "structure",
      members: {
        DomainName: nameShape,
        DefaultExpirationDays: expirationDaysIntegerShape,
        DefaultEncryptionKey: encryptionKeyShape,
        DeadLetterQueueUrl: sqsQueueUrlShape,
        Matching: matchingResponseShape,
        RuleBasedMatching: ruleBasedMatchingResponseShape,
        DataStore: dataStoreResponseShape,
        CreatedAt: timestampShape,
        LastUpdatedAt: timestampShape,
        Tags: tagMapShape,
      },
      required: ["DomainName", "DefaultExpirationDays", "CreatedAt", "LastUpdatedAt"],
    },
  },
  GetDomain: {
    method: "GET",
    uri: "/domains/{DomainName}",
    input: { kind: "structure", members: { DomainName: nameShape }, required: ["DomainName"] },
    output: {
      kind: "structure",
      members: {
        DomainName: nameShape,
        DefaultExpirationDays: expirationDaysIntegerShape,
        DefaultEncryptionKey: encryptionKeyShape,
        DeadLetterQueueUrl: sqsQueueUrlShape,
        Stats: domainStatsShape,
        Matching: matchingResponseShape,
        RuleBasedMatching: ruleBasedMatchingResponseShape,
        DataStore: dataStoreResponseShape,
        CreatedAt: timestampShape,
        LastUpdatedAt: timestampShape,
        Tags: tagMapShape,
      },
      required: ["DomainName", "CreatedAt", "LastUpdatedAt"],
    },
  },
  UpdateDomain: {
    method: "PUT",
    uri: "/domains/{DomainName}",
    input: {
      kind: "structure",
      members: {
        DomainName: nameShape,
        DefaultExpirationDays: expirationDaysIntegerShape,
        DefaultEncryptionKey: encryptionKeyShape,
        DeadLetterQueueUrl: sqsQueueUrlShape,
        Matching: matchingRequestShape,
        RuleBasedMatching: ruleBasedMatchingRequestShape,
        DataStore: dataStoreRequestShape,
        Tags: tagMapShape,
      },
      required: ["DomainName"],
    },
    output: {
      kind: "structure",
      members: {
        DomainName: nameShape,
        DefaultExpirationDays: expirationDaysIntegerShape,
        DefaultEncryptionKey: encryptionKeyShape,
        DeadLetterQueueUrl: sqsQueueUrlShape,
        Matching: matchingResponseShape,
        RuleBasedMatching: ruleBasedMatchingResponseShape,
        DataStore: dataStoreResponseShape,
        CreatedAt: timestampShape,
        LastUpdatedAt: timestampShape,
        Tags: tagMapShape,
      },
      required: ["DomainName", "CreatedAt", "LastUpdatedAt"],
    },
  },
  DeleteDomain: {
    method: "DELETE",
    uri: "/domains/{DomainName}",
    input: { kind: "structure", members: { DomainName: nameShape }, required: ["DomainName"] },
    output: { kind: "structure", members: { Message: messageShape }, required: ["Message"] },
  },
  ListDomains: {
    method: "GET",
    uri: "/domains",
    query: { NextToken: "next-token", MaxResults: "max-results" },
    input: { kind: "structure", members: { NextToken: tokenShape, MaxResults: maxSize100Shape } },
    output: { kind: "structure", members: { Items: domainListShape, NextToken: tokenShape } },
  },
} as const satisfies RestOperations
