import type { RestOperations } from "../../../wire/rest-json/operation.ts"
import {
  encryptionKeyShape,
  expirationDaysIntegerShape,
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

const minSize1Shape = { kind: "integer", min: 1 } as const

const fieldContentTypeShape = {
  kind: "string",
  values: ["STRING", "NUMBER", "PHONE_NUMBER", "EMAIL_ADDRESS", "NAME"],
} as const

const objectTypeFieldShape = {
  kind: "structure",
  members: { Source: textShape, Target: textShape, ContentType: fieldContentTypeShape },
} as const

const fieldMapShape = { kind: "map", key: fieldNameShape, value: objectTypeFieldShape } as const

const standardIdentifierShape = {
  kind: "string",
  values: [
    "PROFILE",
    "ASSET",
    "CASE",
    "DEVICE",
    "WEB_ANALYTICS",
    "ORDER",
    "COMMUNICATION_RECORD",
    "AIR_PREFERENCE",
    "HOTEL_PREFERENCE",
    "AIR_BOOKING",
    "AIR_SEGMENT",
    "HOTEL_RESERVATION",
    "HOTEL_STAY_REVENUE",
    "LOYALTY",
    "LOYALTY_TRANSACTION",
    "LOYALTY_PROMOTION",
    "UNIQUE",
    "SECONDARY",
    "LOOKUP_ONLY",
    "NEW_ONLY",
  ],
} as const

const standardIdentifierListShape = {
  kind: "list",
  itemName: "member",
  item: standardIdentifierShape,
} as const

const fieldNameListShape = { kind: "list", itemName: "member", item: nameShape } as const

const objectTypeKeyShape = {
  kind: "structure",
  members: { StandardIdentifiers: standardIdentifierListShape, FieldNames: fieldNameListShape },
} as const

const objectTypeKeyListShape = { kind: "list", itemName: "member", item: objectTypeKeyShape } as const

const keyMapShape = { kind: "map", key: nameShape, value: objectTypeKeyListShape } as const

const minSize0Shape = { kind: "integer", min: 0 } as const

const listProfileObjectTypeItemShape = {
  kind: "structure",
  members: {
    ObjectTypeName: typeNameShape,
    Description: textShape,
    CreatedAt: timestampShape,
    LastUpdatedAt: timestampShape,
    MaxProfileObjectCount: minSize1Shape,
    MaxAvailableProfileObjectCount: minSize0Shape,
    SourcePriority: minSize1Shape,
    Tags: tagMapShape,
  },
  required: ["ObjectTypeName", "Description"],
} as const

const profileObjectTypeListShape = {
  kind: "list",
  itemName: "member",
  item: listProfileObjectTypeItemShape,
} as const

export const objectTypesOperations = {
  PutProfileObjectType: {
    method: "PUT",
    uri: "/domains/{DomainName}/object-types/{ObjectTypeName}",
    input: {
      kind: "structure",
      members: {
        DomainName: nameShape,
        ObjectTypeName: typeNameShape,
        Description: sensitiveTextShape,
        TemplateId: nameShape,
        ExpirationDays: expirationDaysIntegerShape,
        EncryptionKey: encryptionKeyShape,
        AllowProfileCreation: flagShape,
        SourceLastUpdatedTimestampFormat: string1To255Shape,
        MaxProfileObjectCount: minSize1Shape,
        SourcePriority: minSize1Shape,
        Fields: fieldMapShape,
        Keys: keyMapShape,
        Tags: tagMapShape,
      },
      required: ["DomainName", "ObjectTypeName", "Description"],
    },
    output: {
      kind: "structure",
      members: {
        ObjectTypeName: typeNameShape,
        Description: sensitiveTextShape,
        TemplateId: nameShape,
        ExpirationDays: expirationDaysIntegerShape,
        EncryptionKey: encryptionKeyShape,
        AllowProfileCreation: flagShape,
        SourceLastUpdatedTimestampFormat: string1To255Shape,
        MaxProfileObjectCount: minSize1Shape,
        MaxAvailableProfileObjectCount: minSize0Shape,
        SourcePriority: minSize1Shape,
        Fields: fieldMapShape,
        Keys: keyMapShape,
        CreatedAt: timestampShape,
        LastUpdatedAt: timestampShape,
        Tags: tagMapShape,
      },
      required: ["ObjectTypeName", "Description"],
    },
  },
  GetProfileObjectType: {
    method: "GET",
    uri: "/domains/{DomainName}/object-types/{ObjectTypeName}",
    input: {
      kind: "structure",
      members: { DomainName: nameShape, ObjectTypeName: typeNameShape },
      required: ["DomainName", "ObjectTypeName"],
    },
    output: {
      kind: "structure",
      members: {
        ObjectTypeName: typeNameShape,
        Description: sensitiveTextShape,
        TemplateId: nameShape,
        ExpirationDays: expirationDaysIntegerShape,
        EncryptionKey: encryptionKeyShape,
        AllowProfileCreation: flagShape,
        SourceLastUpdatedTimestampFormat: string1To255Shape,
        MaxAvailableProfileObjectCount: minSize0Shape,
        MaxProfileObjectCount: minSize1Shape,
        SourcePriority: minSize1Shape,
        Fields: fieldMapShape,
        Keys: keyMapShape,
        CreatedAt: timestampShape,
        LastUpdatedAt: timestampShape,
        Tags: tagMapShape,
      },
      required: ["ObjectTypeName", "Description"],
    },
  },
  DeleteProfileObjectType: {
    method: "DELETE",
    uri: "/domains/{DomainName}/object-types/{ObjectTypeName}",
    input: {
      kind: "structure",
      members: { DomainName: nameShape, ObjectTypeName: typeNameShape },
      required: ["DomainName", "ObjectTypeName"],
    },
    output: { kind: "structure", members: { Message: messageShape }, required: ["Message"] },
  },
  ListProfileObjectTypes: {
    method: "GET",
    uri: "/domains/{DomainName}/object-types",
    query: { NextToken: "next-token", MaxResults: "max-results" },
    input: {
      kind: "structure",
      members: { DomainName: nameShape, NextToken: tokenShape, MaxResults: maxSize100Shape },
      required: ["DomainName"],
    },
    output: { kind: "structure", members: { Items: profileObjectTypeListShape, NextToken: tokenShape } },
  },
} as const satisfies RestOperations
