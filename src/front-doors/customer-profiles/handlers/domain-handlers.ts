import type { ProfilePlane } from "../../../profiles/services/context.ts"
import {
  createDomain,
  type DomainChange,
  deleteDomain,
  getDomain,
  listDomains,
  updateDomain,
} from "../../../profiles/services/domains.ts"
import { matchingStatus } from "../../../profiles/services/matching-settings.ts"
import type { DomainRecord } from "../../../state/profiles/records.ts"
import type { RestOutputOf } from "../../../wire/rest-json/operation.ts"
import type { RestHandlers } from "../../rest-door.ts"
import type { domainsOperations } from "../operations/domains.ts"
import { nextToken, pageAsked } from "../pages.ts"

export function domainHandlers(plane: ProfilePlane): RestHandlers<typeof domainsOperations> {
  return {
    CreateDomain: async ({ DomainName: name, DefaultExpirationDays: days, ...members }, caller) => {
      const settings = { ...changeFrom(members), defaultExpirationDays: days }
      const made = await createDomain(plane, caller, { name, settings })
      return { ...(await withStatus(plane, made)), DefaultExpirationDays: days }
    },
    GetDomain: async ({ DomainName }, caller) => {
      const found = await getDomain(plane, caller, DomainName)
      const Stats = {
        ProfileCount: found.profileCount,
        MeteringProfileCount: found.profileCount,
        ObjectCount: found.objectCount,
        TotalSize: found.objectBytes,
      }
      return { ...(await withStatus(plane, found)), Stats }
    },
    UpdateDomain: async ({ DomainName: name, DefaultExpirationDays: days, ...members }, caller) => {
      const change = { ...changeFrom(members), defaultExpirationDays: days }
      return await withStatus(plane, await updateDomain(plane, caller, { name, change }))
    },
    DeleteDomain: async ({ DomainName }, caller) => {
      await deleteDomain(plane, caller, DomainName)
      return { Message: `Domain ${DomainName} has been deleted.` }
    },
    ListDomains: async (asked, caller) => {
      const { items, next } = await listDomains(plane, caller, pageAsked("ListDomains", asked))
      const Items = items.map(({ name, createdAt, updatedAt, tags }) => ({
        DomainName: name,
        CreatedAt: createdAt,
        LastUpdatedAt: updatedAt,
        Tags: { ...tags },
      }))
      return { Items, NextToken: nextToken("ListDomains", next) }
    },
  }
}

interface SettingMembers {
  DefaultEncryptionKey?: string | undefined
  DeadLetterQueueUrl?: string | undefined
  Matching?: object | undefined
  RuleBasedMatching?: object | undefined
  DataStore?: object | undefined
  Tags?: Record<string, string> | undefined
}

function changeFrom(members: SettingMembers): DomainChange {
  const text = (value: object | undefined) => value && JSON.stringify(value)
  return {
    defaultEncryptionKey: members.DefaultEncryptionKey,
    deadLetterQueueUrl: members.DeadLetterQueueUrl,
    matching: text(members.Matching),
    ruleBasedMatching: text(members.RuleBasedMatching),
    dataStore: text(members.DataStore),
    tags: members.Tags,
  }
}

type Shown = RestOutputOf<(typeof domainsOperations)["GetDomain"]>

function toWire(domain: DomainRecord) {
  return {
    DomainName: domain.name,
    DefaultExpirationDays: domain.defaultExpirationDays,
    DefaultEncryptionKey: domain.defaultEncryptionKey,
    DeadLetterQueueUrl: domain.deadLetterQueueUrl,
    Matching: parsed<NonNullable<Shown["Matching"]>>(domain.matching),
    RuleBasedMatching: parsed<NonNullable<Shown["RuleBasedMatching"]>>(domain.ruleBasedMatching),
    DataStore: parsed<NonNullable<Shown["DataStore"]>>(domain.dataStore),
    CreatedAt: domain.createdAt,
    LastUpdatedAt: domain.updatedAt,
    Tags: { ...domain.tags },
  }
}

async function withStatus(plane: ProfilePlane, domain: DomainRecord) {
  const wire = toWire(domain)
  const Status = await matchingStatus(plane, domain)
  if (wire.RuleBasedMatching === undefined || Status === undefined) return wire
  return { ...wire, RuleBasedMatching: { ...wire.RuleBasedMatching, Status } }
}

/** As the caller gave it, who gave it along the operation's shape. */
function parsed<T>(text: string | undefined): T | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as T)
}
