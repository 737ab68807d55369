import type { Model } from "../../../src/resources/resource-type.ts"
import { allowedWebhook, instanceArn, tableArn, targetArn } from "../served-door.ts"

/** A resource of each type as a client wants it, with as many properties as one can have. */
export const samples: Record<string, Model> = {
  "AWS::RDS::Integration": {
    IntegrationName: "of-the-shop",
    SourceArn: instanceArn,
    TargetArn: targetArn,
    DataFilter: "include: shop.public.*",
    Description: "of the shop",
    Tags: [{ Key: "team", Value: "data" }],
  },
  "AWS::Redshift::Integration": {
    IntegrationName: "of-the-carts",
    SourceArn: tableArn,
    TargetArn: targetArn,
    Tags: [{ Key: "team", Value: "data" }],
  },
  "AWS::CustomerProfiles::Domain": {
    DomainName: "shop",
    DefaultExpirationDays: 366,
    Tags: [{ Key: "team", Value: "data" }],
  },
  "AWS::CustomerProfiles::ObjectType": {
    DomainName: "shop",
    ObjectTypeName: "order",
    Description: "orders",
    AllowProfileCreation: true,
    ExpirationDays: 30,
    Fields: [{ Name: "mail", ObjectTypeField: { Source: "_source.mail", ContentType: "EMAIL_ADDRESS" } }],
    Keys: [
      {
        Name: "_email",
        ObjectTypeKeyList: [{ FieldNames: ["mail"], StandardIdentifiers: ["PROFILE", "UNIQUE"] }],
      },
    ],
  },
  "AWS::CustomerProfiles::Integration": {
    DomainName: "shop",
    ObjectTypeName: "order",
    FlowDefinition: {
      FlowName: "orders",
      KmsArn: "arn:aws:kms:us-east-1:123456789012:key/x",
      Tasks: [{ SourceFields: ["mail"], TaskType: "Map", DestinationField: "mail" }],
      TriggerConfig: { TriggerType: "OnDemand" },
      SourceFlowConfig: {
        ConnectorType: "S3",
        SourceConnectorProperties: { S3: { BucketName: "landing", BucketPrefix: "a" } },
      },
    },
  },
  "AWS::CustomerProfiles::EventTrigger": {
    DomainName: "shop",
    EventTriggerName: "large",
    ObjectTypeName: "order",
    EventTriggerConditions: [
      {
        LogicalOperator: "ANY",
        EventTriggerDimensions: [
          { ObjectAttributes: [{ FieldName: "total", ComparisonOperator: "GREATER_THAN", Values: ["100"] }] },
        ],
      },
    ],
  },
  "AWS::CustomerProfiles::EventStream": {
    DomainName: "shop",
    EventStreamName: "all",
    Uri: `${allowedWebhook}/all`,
  },
}

/** One that brings records from where its Uri says, in place of a flow. */
export const integrationByUri: Model = {
  DomainName: "shop",
  // The last part of an identifier may hold the mark between the parts.
  Uri: "s3://landing/a|b",
  ObjectTypeName: "order",
  Scope: "DOMAIN",
  Tags: [{ Key: "team", Value: "data" }],
}
