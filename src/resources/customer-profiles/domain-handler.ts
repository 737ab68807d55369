import { Fault } from "../../domain/faults.ts"
import type { ProfilePlane } from "../../profiles/services/context.ts"
import { createDomain, deleteDomain, listDomains, replaceDomain } from "../../profiles/services/domains.ts"
import type { DomainRecord, DomainSettings } from "../../state/profiles/records.ts"
import { ResourceFault } from "../faults.ts"
import type { ResourceHandler } from "../handler.ts"
import type { Model } from "../resource-type.ts"
import { documentOf, documentText, modelOf, numberOf, tagList, tagsFrom, textOf } from "./model-values.ts"

/** `AWS::CustomerProfiles::Domain`: the domains of the Customer Profiles API. */
export function domainHandler(plane: ProfilePlane): ResourceHandler {
  const find = ({ DomainName }: Model) => plane.store.domains.find(textOf(DomainName) ?? "")
  return {
    identify: ({ DomainName }) => modelOf({ DomainName }),
    create: async ({ caller, isRepeated }, identity, desired) => {
      const name = textOf(identity.DomainName) ?? ""
      if ((await find(identity)) !== undefined) {
        if (isRepeated) return
        throw new ResourceFault("alreadyExists", `Domain ${name} already exists.`)
      }
      await createDomain(plane, caller, { name, settings: settingsFrom(desired) })
    },
    read: async (_caller, identity) => {
      const found = await find(identity)
      return found && shown(found)
    },
    update: async ({ caller }, identity, desired) =>
      await replaceDomain(plane, caller, {
        name: textOf(identity.DomainName) ?? "",
        settings: settingsFrom(desired),
      }),
    delete: async ({ caller, isRepeated }, identity) => {
      try {
        await deleteDomain(plane, caller, textOf(identity.DomainName) ?? "")
      } catch (error) {
        if (!(isRepeated && error instanceof Fault && error.kind === "resourceNotFound")) throw error
      }
    },
    // The published handler lists all domains, whatever the DomainName that its schema asks for.
    list: async (caller, _input, page) => {
      const { items, next } = await listDomains(plane, caller, page)
      return { models: items.map(shown), next }
    },
    progress: async () => ({ kind: "done" }),
  }
}

/** What is not wanted is not set any more. */
function settingsFrom(desired: Model): DomainSettings {
  return {
    defaultExpirationDays: numberOf(desired.DefaultExpirationDays) ?? 0,
    defaultEncryptionKey: textOf(desired.DefaultEncryptionKey) || undefined,
    deadLetterQueueUrl: textOf(desired.DeadLetterQueueUrl) || undefined,
    matching: documentText(desired.Matching),
    ruleBasedMatching: documentText(desired.RuleBasedMatching),
    dataStore: documentText(desired.DataStore),
    tags: tagsFrom(desired.Tags),
  }
}

function shown(domain: DomainRecord): Model {
  return modelOf({
    DomainName: domain.name,
    DefaultExpirationDays: domain.defaultExpirationDays,
    DefaultEncryptionKey: domain.defaultEncryptionKey,
    DeadLetterQueueUrl: domain.deadLetterQueueUrl,
    Matching: documentOf(domain.matching),
    RuleBasedMatching: documentOf(domain.ruleBasedMatching),
    DataStore: documentOf(domain.dataStore),
    Stats: {
      ProfileCount: domain.profileCount,
      MeteringProfileCount: domain.profileCount,
      ObjectCount: domain.objectCount,
      TotalSize: domain.objectBytes,
    },
    Tags: tagList(domain.tags),
    CreatedAt: domain.createdAt.toISOString(),
    LastUpdatedAt: domain.updatedAt.toISOString(),
  })
}
