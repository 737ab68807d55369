import type { ProfilePlane } from "../../../profiles/services/context.ts"
import { deleteObject, listObjects, putObject } from "../../../profiles/services/objects.ts"
import type { RestHandlers } from "../../rest-door.ts"
import type { objectsOperations } from "../operations/objects.ts"
import { nextToken, pageAsked } from "../pages.ts"

export function objectHandlers(plane: ProfilePlane): RestHandlers<typeof objectsOperations> {
  return {
    PutProfileObject: async ({ DomainName: domain, ObjectTypeName: objectType, Object: object }, caller) => ({
      ProfileObjectUniqueKey: await putObject(plane, caller, { domain, objectType, object }),
    }),
    ListProfileObjects: async (input, caller) => {
      const {
        DomainName: domain,
        ObjectTypeName: objectType,
        ProfileId: profileId,
        ObjectFilter: filter,
      } = input
      const page = pageAsked("ListProfileObjects", input)
      const key = filter && { name: filter.KeyName, values: filter.Values }
      const { items, next } = await listObjects(plane, caller, {
        domain,
        objectType,
        profileId,
        key,
        ...page,
      })
      const Items = items.map(({ uniqueKey, object }) => ({
        ObjectTypeName: objectType,
        ProfileObjectUniqueKey: uniqueKey,
        Object: object,
      }))
      return { Items, NextToken: nextToken("ListProfileObjects", next) }
    },
    DeleteProfileObject: async (input, caller) => {
      await deleteObject(plane, caller, {
        domain: input.DomainName,
        objectType: input.ObjectTypeName,
        profileId: input.ProfileId,
        uniqueKey: input.ProfileObjectUniqueKey,
      })
      return { Message: "OK" }
    },
  }
}
