import type { RestOperations } from "../../../wire/rest-json/operation.ts"
import {
  maxSize100Shape,
  messageShape,
  nameShape,
  requestValueListShape,
  string1To255Shape,
  tokenShape,
  typeNameShape,
  uuidShape,
} from "./shapes.ts"

const stringifiedJsonShape = { kind: "string", min: 1, max: 256000 } as const

const objectFilterShape = {
  kind: "structure",
  members: { KeyName: nameShape, Values: requestValueListShape },
  required: ["KeyName", "Values"],
} as const

const listProfileObjectsItemShape = {
  kind: "structure",
  members: {
    ObjectTypeName: typeNameShape,
    ProfileObjectUniqueKey: string1To255Shape,
    Object: stringifiedJsonShape,
  },
} as const

const profileObjectListShape = {
  kind: "list",
  itemName: "member",
  item: listProfileObjectsItemShape,
} as const

export const objectsOperations = {
  PutProfileObject: {
    method: "PUT",
    uri: "/domains/{DomainName}/profiles/objects",
    input: {
      kind: "structure",
      members: { ObjectTypeName: typeNameShape, Object: stringifiedJsonShape, DomainName: nameShape },
      required: ["ObjectTypeName", "Object", "DomainName"],
    },
    output: { kind: "structure", members: { ProfileObjectUniqueKey: string1To255Shape } },
  },
  ListProfileObjects: {
    method: "POST",
    uri: "/domains/{DomainName}/profiles/objects",
    query: { NextToken: "next-token", MaxResults: "max-results" },
    input: {
      kind: "structure",
      members: {
        NextToken: tokenShape,
        MaxResults: maxSize100Shape,
        DomainName: nameShape,
        ObjectTypeName: typeNameShape,
        ProfileId: uuidShape,
        ObjectFilter: objectFilterShape,
      },
      required: ["DomainName", "ObjectTypeName", "ProfileId"],
    },
    output: { kind: "structure", members: { Items: profileObjectListShape, NextToken: tokenShape } },
  },
  DeleteProfileObject: {
    method: "POST",
    uri: "/domains/{DomainName}/profiles/objects/delete",
    input: {
      kind: "structure",
      members: {
        ProfileId: uuidShape,
        ProfileObjectUniqueKey: string1To255Shape,
        ObjectTypeName: typeNameShape,
        DomainName: nameShape,
      },
      required: ["ProfileId", "ProfileObjectUniqueKey", "ObjectTypeName", "DomainName"],
    },
    output: { kind: "structure", members: { Message: messageShape } },
  },
} as const satisfies RestOperations
