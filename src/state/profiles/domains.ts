import { type Kysely, sql } from "kysely"
import { brokenConstraint } from "../connection.ts"
import type { StateSchema } from "../schema.ts"
import { domainsWithExpired } from "./expiry.ts"
import type { DomainRecord, DomainSettings } from "./records.ts"

type Db = Kysely<StateSchema>

/** Domains of customer profiles. */
export interface DomainStore {
  /** Undefined: there is one of that name. */
  add(name: string, settings: DomainSettings): Promise<DomainRecord | undefined>
  find(name: string): Promise<DomainRecord | undefined>
  /** In the order of their names, `after` excluded. */
  list(page: { after: string | undefined; limit: number }): Promise<DomainRecord[]>
  count(): Promise<number>
  /** Names of those in which something has passed its time, see `expiry.ts`. */
  withExpired(): Promise<string[]>
  /** Its rows are removed later: see `removals.ts`. False: there is none. */
  remove(name: string): Promise<boolean>
}

export function domainStore(db: Db): DomainStore {
  return {
    add: (name, settings) => add(db, name, settings),
    find: async (name) => {
      const { rows } =
        await sql<DomainRow>`select * from millrace.profile_domains where name = ${name}`.execute(db)
      return rows.map(domainFromRow)[0]
    },
    list: async ({ after, limit }) => {
      const { rows } = await sql<DomainRow>`select * from millrace.profile_domains
        where ${after ?? null}::text is null or name collate "C" > ${after ?? null}
        order by name collate "C" limit ${limit}`.execute(db)
      return rows.map(domainFromRow)
    },
    count: async () => {
      const { rows } = await sql<{
        n: number
      }>`select count(*)::int as n from millrace.profile_domains`.execute(db)
      return rows[0]?.n ?? 0
    },
    withExpired: () => domainsWithExpired(db),
    remove: (name) => remove(db, name),
  }
}

async function add(db: Db, name: string, settings: DomainSettings): Promise<DomainRecord | undefined> {
  try {
    const { rows } = await sql<DomainRow>`insert into millrace.profile_domains (name, default_expiration_days,
      default_encryption_key, dead_letter_queue_url, matching, rule_based_matching, data_store, tags)
      values (${name}, ${settings.defaultExpirationDays}, ${settings.defaultEncryptionKey ?? null},
        ${settings.deadLetterQueueUrl ?? null}, ${settings.matching ?? null}, ${settings.ruleBasedMatching ?? null},
        ${settings.dataStore ?? null}, ${JSON.stringify(settings.tags)}) returning *`.execute(db)
    return rows.map(domainFromRow)[0]
  } catch (error) {
    if (brokenConstraint(error) === "profile_domains_name") return undefined
    throw error
  }
}

/** What a domain is set to, to be changed under its lock. */
export interface DomainSettingsRow {
  replace(settings: DomainSettings): Promise<DomainRecord>
}

/** @param domain the domain's number */
export function domainSettings(db: Db, domain: number): DomainSettingsRow {
  return { replace: (settings) => replace(db, domain, settings) }
}

async function replace(db: Db, domain: number, settings: DomainSettings): Promise<DomainRecord> {
  const { rows } = await sql<DomainRow>`update millrace.profile_domains set
    default_expiration_days = ${settings.defaultExpirationDays},
    default_encryption_key = ${settings.defaultEncryptionKey ?? null},
    dead_letter_queue_url = ${settings.deadLetterQueueUrl ?? null}, matching = ${settings.matching ?? null},
    rule_based_matching = ${settings.ruleBasedMatching ?? null}, data_store = ${settings.dataStore ?? null},
    tags = ${JSON.stringify(settings.tags)}, updated_at = clock_timestamp()
    where number = ${domain} returning *`.execute(db)
  const [row] = rows
  if (row === undefined) throw new Error("the domain's row is gone, although it was locked")
  return domainFromRow(row)
}

async function remove(db: Db, name: string): Promise<boolean> {
  return await db.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ number: number }>`delete from millrace.profile_domains where name = ${name}
      returning number`.execute(transaction)
    const [domain] = rows
    if (domain === undefined) return false
    await sql`delete from millrace.profile_object_types where domain = ${domain.number}`.execute(transaction)
    await sql`insert into millrace.profile_removals (domain) values (${domain.number})`.execute(transaction)
    return true
  })
}

export interface DomainRow {
  number: number
  name: string
  default_expiration_days: number
  default_encryption_key: string | null
  dead_letter_queue_url: string | null
  matching: string | null
  rule_based_matching: string | null
  data_store: string | null
  tags: Record<string, string>
  profile_count: string
  object_count: string
  object_bytes: string
  created_at: Date
  updated_at: Date
}

export function domainFromRow(row: DomainRow): DomainRecord {
  return {
    number: row.number,
    name: row.name,
    defaultExpirationDays: row.default_expiration_days,
    defaultEncryptionKey: row.default_encryption_key ?? undefined,
    deadLetterQueueUrl: row.dead_letter_queue_url ?? undefined,
    matching: row.matching ?? undefined,
    ruleBasedMatching: row.rule_based_matching ?? undefined,
    dataStore: row.data_store ?? undefined,
    tags: row.tags,
    profileCount: Number(row.profile_count),
    objectCount: Number(row.object_count),
    objectBytes: Number(row.object_bytes),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
