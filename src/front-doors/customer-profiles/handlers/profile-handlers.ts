import type { ProfilePlane } from "../../../profiles/services/context.ts"
import { mergeProfiles } from "../../../profiles/services/merge.ts"
import { createProfile, deleteProfile, updateProfile } from "../../../profiles/services/profiles.ts"
import { searchProfiles } from "../../../profiles/services/search.ts"
import type { RestHandlers } from "../../rest-door.ts"
import type { profilesOperations } from "../operations/profiles.ts"
import { nextToken, pageAsked } from "../pages.ts"
import { fieldsFromWire, profileToWire } from "../profile-shape.ts"

const usualSearchPage = 20

export function profileHandlers(plane: ProfilePlane): RestHandlers<typeof profilesOperations> {
  return {
    SearchProfiles: async (input, caller) => {
      const {
        DomainName: domain,
        KeyName,
        Values,
        AdditionalSearchKeys = [],
        LogicalOperator = "AND",
      } = input
      const keys = [{ KeyName, Values }, ...AdditionalSearchKeys].map((key) => ({
        name: key.KeyName,
        values: key.Values,
      }))
      const page = pageAsked("SearchProfiles", input, usualSearchPage)
      const asked = { domain, keys, operator: LogicalOperator, ...page }
      const { items, next } = await searchProfiles(plane, caller, asked)
      return { Items: items.map(profileToWire), NextToken: nextToken("SearchProfiles", next) }
    },
    CreateProfile: async (input, caller) => {
      const fields = fieldsFromWire(input)
      return { ProfileId: await createProfile(plane, caller, { domain: input.DomainName, fields }) }
    },
    UpdateProfile: async (input, caller) => {
      const { DomainName: domain, ProfileId: profileId } = input
      await updateProfile(plane, caller, { domain, profileId, fields: fieldsFromWire(input) })
      return { ProfileId: profileId }
    },
    DeleteProfile: async ({ DomainName: domain, ProfileId: profileId }, caller) => {
      await deleteProfile(plane, caller, { domain, profileId })
      return { Message: `Profile ${profileId} has been deleted.` }
    },
    MergeProfiles: async (input, caller) => {
      const { DomainName: domain, MainProfileId: main, ProfileIdsToBeMerged: others } = input
      const { Attributes = {}, ...fields } = input.FieldSourceProfileIds ?? {}
      const fieldSources = new Map([
        ...Object.entries(fields).flatMap(([name, id]) => (id === undefined ? [] : [[name, id] as const])),
        ...Object.entries(Attributes).map(([name, id]) => [`Attributes.${name}`, id] as const),
      ])
      await mergeProfiles(plane, caller, { domain, main, others, resolution: { kind: "main", fieldSources } })
      return { Message: `${others.length} profiles have been merged into ${main}.` }
    },
  }
}
