import type { RestOperations } from "../../../wire/rest-json/operation.ts"
import { flowDefinitionShape, objectTypeNamesShape } from "./flow-definition.ts"
import {
  flagShape,
  maxSize100Shape,
  messageShape,
  nameShape,
  string1To255Shape,
  tagMapShape,
  timestampShape,
  tokenShape,
  typeNameShape,
} from "./shapes.ts"

const roleArnShape = { kind: "string", max: 512, pattern: "arn:aws:iam:.*:[0-9]+:.*" } as const

const eventTriggerNamesShape = { kind: "list", itemName: "member", item: nameShape, min: 1, max: 1 } as const

const scopeShape = { kind: "string", values: ["PROFILE", "DOMAIN"] } as const

const listIntegrationItemShape = {
  kind: "structure",
  members: {
    DomainName: nameShape,
    Uri: string1To255Shape,
    ObjectTypeName: typeNameShape,
    CreatedAt: timestampShape,
    LastUpdatedAt: timestampShape,
    Tags: tagMapShape,
    ObjectTypeNames: objectTypeNamesShape,
    WorkflowId: string1To255Shape,
    IsUnstructured: flagShape,
    RoleArn: roleArnShape,
    EventTriggerNames: eventTriggerNamesShape,
    Scope: scopeShape,
  },
  required: ["DomainName", "Uri", "CreatedAt", "LastUpdatedAt"],
} as const

const integrationListShape = { kind: "list", itemName: "member", item: listIntegrationItemShape } as const

export const integrationsOperations = {
  PutIntegration: {
    method: "PUT",
    uri: "/domains/{DomainName}/integrations",
    input: {
      kind: "structure",
      members: {
        DomainName: nameShape,
        Uri: string1To255Shape,
        ObjectTypeName: typeNameShape,
        ObjectTypeNames: objectTypeNamesShape,
        Tags: tagMapShape,
        FlowDefinition: flowDefinitionShape,
        RoleArn: roleArnShape,
        EventTriggerNames: eventTriggerNamesShape,
        Scope: scopeShape,
      },
      required: ["DomainName"],
    },
    output: {
      kind: "structure",
      members: {
        DomainName: nameShape,
        Uri: string1To255Shape,
        ObjectTypeName: typeNameShape,
        CreatedAt: timestampShape,
        LastUpdatedAt: timestampShape,
        Tags: tagMapShape,
        ObjectTypeNames: objectTypeNamesShape,
        WorkflowId: string1To255Shape,
        IsUnstructured: flagShape,
        RoleArn: roleArnShape,
        EventTriggerNames: eventTriggerNamesShape,
        Scope: scopeShape,
      },
      required: ["DomainName", "Uri", "CreatedAt", "LastUpdatedAt"],
    },
  },
  GetIntegration: {
    method: "POST",
    uri: "/domains/{DomainName}/integrations",
    input: {
      kind: "structure",
      members: { DomainName: nameShape, Uri: string1To255Shape },
      required: ["DomainName", "Uri"],
    },
    output: {
      kind: "structure",
      members: {
        DomainName: nameShape,
        Uri: string1To255Shape,
        ObjectTypeName: typeNameShape,
        CreatedAt: timestampShape,
        LastUpdatedAt: timestampShape,
        Tags: tagMapShape,
        ObjectTypeNames: objectTypeNamesShape,
        WorkflowId: string1To255Shape,
        IsUnstructured: flagShape,
        RoleArn: roleArnShape,
        EventTriggerNames: eventTriggerNamesShape,
        Scope: scopeShape,
      },
      required: ["DomainName", "Uri", "CreatedAt", "LastUpdatedAt"],
    },
  },
  DeleteIntegration: {
    method: "POST",
    uri: "/domains/{DomainName}/integrations/delete",
    input: {
      kind: "structure",
      members: { DomainName: nameShape, Uri: string1To255Shape },
      required: ["DomainName", "Uri"],
    },
    output: { kind: "structure", members: { Message: messageShape }, required: ["Message"] },
  },
  ListIntegrations: {
    method: "GET",
    uri: "/domains/{DomainName}/integrations",
    query: { NextToken: "next-token", MaxResults: "max-results", IncludeHidden: "include-hidden" },
    input: {
      kind: "structure",
      members: {
        DomainName: nameShape,
        NextToken: tokenShape,
        MaxResults: maxSize100Shape,
        IncludeHidden: flagShape,
      },
      required: ["DomainName"],
    },
    output: { kind: "structure", members: { Items: integrationListShape, NextToken: tokenShape } },
  },
  ListAccountIntegrations: {
    method: "POST",
    uri: "/integrations",
    query: { NextToken: "next-token", MaxResults: "max-results", IncludeHidden: "include-hidden" },
    input: {
      kind: "structure",
      members: {
        Uri: string1To255Shape,
        NextToken: tokenShape,
        MaxResults: maxSize100Shape,
        IncludeHidden: flagShape,
      },
      required: ["Uri"],
    },
    output: { kind: "structure", members: { Items: integrationListShape, NextToken: tokenShape } },
  },
} as const satisfies RestOperations
