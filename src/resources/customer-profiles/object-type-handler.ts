import { Fault } from "../../domain/faults.ts"
import type { ProfilePlane } from "../../profiles/services/context.ts"
import { deleteObjectType, listObjectTypes, putObjectType } from "../../profiles/services/object-types.ts"
import { contentTypes, type NewObjectType, type ObjectTypeRecord } from "../../state/profiles/records.ts"
import { ResourceFault } from "../faults.ts"
import type { HandlerCall, ResourceHandler } from "../handler.ts"
import type { Model } from "../resource-type.ts"
import { filled, modelOf, modelsOf, numberOf, tagList, tagsFrom, textOf, textsOf } from "./model-values.ts"

/** `AWS::CustomerProfiles::ObjectType`: the object types of the Customer Profiles API. */
export function objectTypeHandler(plane: ProfilePlane): ResourceHandler {
  const names = ({ DomainName, ObjectTypeName }: Model) => ({
    domain: textOf(DomainName) ?? "",
    name: textOf(ObjectTypeName) ?? "",
  })
  const find = async (identity: Model) => {
    const { domain, name } = names(identity)
    if ((await plane.store.domains.find(domain)) === undefined) return undefined
    return await (await plane.store.read(domain)).types.find(name)
  }
  const put = async ({ caller }: HandlerCall, identity: Model, desired: Model) => {
    const { domain, name } = names(identity)
    await putObjectType(plane, caller, { domain, type: typeFrom(name, desired) })
  }
  return {
    identify: ({ DomainName, ObjectTypeName }) => modelOf({ DomainName, ObjectTypeName }),
    create: async (call, identity, desired) => {
      if ((await find(identity)) === undefined || call.isRepeated) return await put(call, identity, desired)
      throw new ResourceFault("alreadyExists", `Object type ${names(identity).name} already exists.`)
    },
    read: async (_caller, identity) => {
      const found = await find(identity)
      return found && shown(names(identity).domain, found)
    },
    update: async (call, identity, desired) => await put(call, identity, desired),
    delete: async ({ caller, isRepeated }, identity) => {
      try {
        await deleteObjectType(plane, caller, names(identity))
      } catch (error) {
        if (!(isRepeated && error instanceof Fault && error.kind === "resourceNotFound")) throw error
      }
    },
    list: async (caller, input, page) => {
      const { domain } = names(input)
      const { items, next } = await listObjectTypes(plane, caller, { domain, ...page })
      return { models: items.map((one) => shown(domain, one)), next }
    },
    progress: async () => ({ kind: "done" }),
  }
}

function typeFrom(name: string, desired: Model): NewObjectType {
  const fields = modelsOf(desired.Fields).map(({ Name, ObjectTypeField }) => {
    const { Source, Target, ContentType } = (ObjectTypeField ?? {}) as Model
    const contentType = contentTypes.find((one) => one === ContentType)
    return [textOf(Name) ?? "", { source: textOf(Source), target: textOf(Target), contentType }] as const
  })
  const keys = modelsOf(desired.Keys).map(({ Name, ObjectTypeKeyList }) => {
    const list = modelsOf(ObjectTypeKeyList).map(({ FieldNames, StandardIdentifiers }) => ({
      fieldNames: textsOf(FieldNames),
      standardIdentifiers: textsOf(StandardIdentifiers),
    }))
    return [textOf(Name) ?? "", list] as const
  })
  return {
    name,
    description: textOf(desired.Description) ?? "",
    templateId: textOf(desired.TemplateId),
    encryptionKey: textOf(desired.EncryptionKey),
    expirationDays: numberOf(desired.ExpirationDays),
    allowProfileCreation: desired.AllowProfileCreation === true,
    timestampFormat: textOf(desired.SourceLastUpdatedTimestampFormat),
    maxProfileObjects: numberOf(desired.MaxProfileObjectCount),
    sourcePriority: numberOf(desired.SourcePriority),
    fields: Object.fromEntries(fields),
    keys: Object.fromEntries(keys),
    tags: tagsFrom(desired.Tags),
  }
}

function shown(domain: string, type: ObjectTypeRecord): Model {
  return modelOf({
    DomainName: domain,
    ObjectTypeName: type.name,
    Description: type.description,
    TemplateId: type.templateId,
    EncryptionKey: type.encryptionKey,
    ExpirationDays: type.expirationDays,
    AllowProfileCreation: type.allowProfileCreation,
    SourceLastUpdatedTimestampFormat: type.timestampFormat,
    MaxProfileObjectCount: type.maxProfileObjects,
    SourcePriority: type.sourcePriority,
    Fields: filled(
      Object.entries(type.fields).map(([Name, { source, target, contentType }]) => ({
        Name,
        ObjectTypeField: modelOf({ Source: source, Target: target, ContentType: contentType }),
      })),
    ),
    Keys: filled(
      Object.entries(type.keys).map(([Name, list]) => ({
        Name,
        ObjectTypeKeyList: list.map(({ fieldNames, standardIdentifiers }) => ({
          FieldNames: [...fieldNames],
          StandardIdentifiers: [...standardIdentifiers],
        })),
      })),
    ),
    Tags: tagList(type.tags),
    CreatedAt: type.createdAt.toISOString(),
    LastUpdatedAt: type.updatedAt.toISOString(),
  })
}
