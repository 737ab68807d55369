import { type Kysely, sql, type Transaction } from "kysely"
import { Fault } from "../../domain/faults.ts"
import type { StateSchema } from "../schema.ts"
import {
  type DomainRow,
  type DomainSettingsRow,
  type DomainStore,
  domainFromRow,
  domainSettings,
  domainStore,
} from "./domains.ts"
import { type Journal, journal } from "./journal.ts"
import { type KeyRows, keyRows } from "./key-rows.ts"
import { type ObjectRows, objectRows } from "./object-rows.ts"
import { type ObjectTypeStore, objectTypeStore } from "./object-types.ts"
import { type ProfileRows, profileRows } from "./profile-rows.ts"
import type { DomainRecord } from "./records.ts"
import { type RemovalStore, removalStore } from "./removals.ts"
import { type ShownRows, shownRows } from "./shown-rows.ts"

/** What there is in one domain. */
export interface DomainContents {
  domain: DomainRecord
  types: ObjectTypeStore
  profiles: ProfileRows
  objects: ObjectRows
  keys: KeyRows
  journal: Journal
}

/** A domain that nobody else changes meanwhile. */
export interface LockedDomain extends DomainContents {
  settings: DomainSettingsRow
  transaction: Transaction<StateSchema>
}

/** Customer profiles. */
export interface ProfileStore {
  domains: DomainStore
  removals: RemovalStore
  shown: ShownRows
  /** To read. @throws Fault resourceNotFound */
  read(domain: string): Promise<DomainContents>
  /**
   * One transaction in which nobody else changes profiles, objects, keys or types of the domain. All of them are changed here only, so
   * that two records with the same key never make two profiles, and history is numbered in the order of commits.
   *
   * @throws Fault resourceNotFound
   */
  change<T>(domain: string, work: (locked: LockedDomain) => Promise<T>): Promise<T>
}

export function profileStore(db: Kysely<StateSchema>): ProfileStore {
  const domains = domainStore(db)
  return {
    domains,
    removals: removalStore(db),
    shown: shownRows(db),
    read: async (name) => {
      const domain = await domains.find(name)
      if (domain === undefined) throw noDomain(name)
      return contentsOf(db, domain)
    },
    change: (name, work) =>
      db.transaction().execute(async (transaction) => {
        const { rows } = await sql<DomainRow>`select * from millrace.profile_domains where name = ${name}
          for no key update`.execute(transaction)
        const domain = rows.map(domainFromRow)[0]
        if (domain === undefined) throw noDomain(name)
        const settings = domainSettings(transaction, domain.number)
        return await work({ ...contentsOf(transaction, domain), settings, transaction })
      }),
  }
}

function contentsOf(db: Kysely<StateSchema>, domain: DomainRecord): DomainContents {
  const { number } = domain
  return {
    domain,
    types: objectTypeStore(db, number),
    profiles: profileRows(db, number),
    objects: objectRows(db, number),
    keys: keyRows(db, number),
    journal: journal(db, number),
  }
}

function noDomain(name: string): Fault {
  return new Fault("resourceNotFound", `Domain ${name} does not exist.`)
}
