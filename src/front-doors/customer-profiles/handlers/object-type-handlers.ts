import type { ProfilePlane } from "../../../profiles/services/context.ts"
import {
  deleteObjectType,
  getObjectType,
  listObjectTypes,
  putObjectType,
} from "../../../profiles/services/object-types.ts"
import type { NewObjectType, ObjectTypeRecord } from "../../../state/profiles/records.ts"
import type { RestInputOf } from "../../../wire/rest-json/operation.ts"
import type { RestHandlers } from "../../rest-door.ts"
import type { objectTypesOperations } from "../operations/object-types.ts"
import { nextToken, pageAsked } from "../pages.ts"

type PutInput = RestInputOf<(typeof objectTypesOperations)["PutProfileObjectType"]>

export function objectTypeHandlers(plane: ProfilePlane): RestHandlers<typeof objectTypesOperations> {
  return {
    PutProfileObjectType: async (input, caller) =>
      toWire(await putObjectType(plane, caller, { domain: input.DomainName, type: typeFrom(input) })),
    GetProfileObjectType: async ({ DomainName: domain, ObjectTypeName: name }, caller) =>
      toWire(await getObjectType(plane, caller, { domain, name })),
    DeleteProfileObjectType: async ({ DomainName: domain, ObjectTypeName: name }, caller) => {
      await deleteObjectType(plane, caller, { domain, name })
      return { Message: `Object type ${name} has been deleted.` }
    },
    ListProfileObjectTypes: async ({ DomainName: domain, ...asked }, caller) => {
      const page = pageAsked("ListProfileObjectTypes", asked)
      const { items, next } = await listObjectTypes(plane, caller, { domain, ...page })
      const Items = items.map((one) => ({
        ObjectTypeName: one.name,
        Description: one.description,
        CreatedAt: one.createdAt,
        LastUpdatedAt: one.updatedAt,
        MaxProfileObjectCount: one.maxProfileObjects,
        SourcePriority: one.sourcePriority,
        Tags: { ...one.tags },
      }))
      return { Items, NextToken: nextToken("ListProfileObjectTypes", next) }
    },
  }
}

function typeFrom(input: PutInput): NewObjectType {
  return {
    name: input.ObjectTypeName,
    description: input.Description,
    templateId: input.TemplateId,
    encryptionKey: input.EncryptionKey,
    expirationDays: input.ExpirationDays,
    allowProfileCreation: input.AllowProfileCreation ?? false,
    timestampFormat: input.SourceLastUpdatedTimestampFormat,
    maxProfileObjects: input.MaxProfileObjectCount,
    sourcePriority: input.SourcePriority,
    fields: mapped(input.Fields, ({ Source, Target, ContentType }) => ({
      source: Source,
      target: Target,
      contentType: ContentType,
    })),
    keys: mapped(input.Keys, (list) =>
      list.map(({ FieldNames, StandardIdentifiers }) => ({
        fieldNames: FieldNames ?? [],
        standardIdentifiers: StandardIdentifiers ?? [],
      })),
    ),
    tags: input.Tags ?? {},
  }
}

function toWire(type: ObjectTypeRecord) {
  return {
    ObjectTypeName: type.name,
    Description: type.description,
    TemplateId: type.templateId,
    ExpirationDays: type.expirationDays,
    EncryptionKey: type.encryptionKey,
    AllowProfileCreation: type.allowProfileCreation,
    SourceLastUpdatedTimestampFormat: type.timestampFormat,
    MaxProfileObjectCount: type.maxProfileObjects,
    SourcePriority: type.sourcePriority,
    Fields: mapped(type.fields, ({ source, target, contentType }) => ({
      Source: source,
      Target: target,
      ContentType: contentType,
    })),
    Keys: mapped(type.keys, (list) =>
      list.map(({ fieldNames, standardIdentifiers }) => ({
        FieldNames: [...fieldNames],
        // As the service's own list: whatever is stored was given along it.
        StandardIdentifiers: [...standardIdentifiers] as KeyIdentifiers,
      })),
    ),
    CreatedAt: type.createdAt,
    LastUpdatedAt: type.updatedAt,
    Tags: { ...type.tags },
  }
}

type KeyIdentifiers = NonNullable<NonNullable<PutInput["Keys"]>[string][number]["StandardIdentifiers"]>

function mapped<A, B>(
  values: Readonly<Record<string, A>> | undefined,
  change: (value: A) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, change(value)]))
}
