import { type Kysely, sql } from "kysely"
import type { StateSchema } from "../schema.ts"

type Db = Kysely<StateSchema>

/** How far the rule-based matching of a domain is. */
export interface Matching {
  /** Its keys carry it. */
  number: number
  /** The JSON text of the rules that the keys are made by. */
  configuration: string
  status: "IN_PROGRESS" | "ACTIVE"
  /** Profiles up to this id have keys; undefined: none yet. */
  scannedTo: string | undefined
  isScanned: boolean
  /** Changes up to this number of the domain's history are in the keys and groups. */
  historyRead: string
}

/** A domain that has rules, or had some. */
export interface MatchedDomain {
  number: number
  name: string
  /** The JSON text of RuleBasedMatching; undefined: the domain has none, or there is no such domain any more. */
  configuration: string | undefined
  matching: Matching | undefined
  /** The newest number of the domain's history; "0" before the first. */
  newestHistory: string
}

export interface MatchingStore {
  domains(): Promise<MatchedDomain[]>
  find(domain: number): Promise<Matching | undefined>
  /** Begins anew with these rules: no profile has keys. */
  begin(domain: number, configuration: string, historyRead: string): Promise<Matching>
  noteScanned(matching: number, to: string): Promise<void>
  /** All profiles have keys. */
  endScan(matching: number): Promise<void>
  activate(matching: number): Promise<void>
  noteHistory(matching: number, read: string): Promise<void>
  /** Takes a domain's matching and its groups away. */
  end(domain: number): Promise<void>
  /** Removes some keys of rules that hold no longer. False: there are no more. */
  removeOldKeys(atMost: number): Promise<boolean>
}

export function matchingStore(db: Db): MatchingStore {
  return {
    domains: () => domains(db),
    find: async (domain) => {
      const { rows } = await sql<MatchingRow>`select * from millrace.profile_matchings
        where domain = ${domain}`.execute(db)
      return rows.map(fromRow)[0]
    },
    begin: (domain, configuration, historyRead) => begin(db, domain, configuration, historyRead),
    noteScanned: async (matching, to) => {
      await sql`update millrace.profile_matchings set scanned_to = ${to}::uuid
        where matching = ${matching}`.execute(db)
    },
    endScan: async (matching) => {
      await sql`update millrace.profile_matchings set is_scanned = true where matching = ${matching}`.execute(
        db,
      )
    },
    activate: async (matching) => {
      await sql`update millrace.profile_matchings set status = 'ACTIVE', changed_at = clock_timestamp()
        where matching = ${matching}`.execute(db)
    },
    noteHistory: async (matching, read) => {
      await sql`update millrace.profile_matchings set history_read = ${read}::bigint
        where matching = ${matching}`.execute(db)
    },
    end: async (domain) => {
      await db.transaction().execute(async (transaction) => {
        await sql`delete from millrace.profile_matchings where domain = ${domain}`.execute(transaction)
        await sql`delete from millrace.profile_matches where domain = ${domain} and kind = 'rule'`.execute(
          transaction,
        )
      })
    },
    removeOldKeys: (atMost) => removeOldKeys(db, atMost),
  }
}

async function domains(db: Db): Promise<MatchedDomain[]> {
  const { rows } = await sql<DomainRow>`
    select coalesce(d.number, m.domain) as number, coalesce(d.name, '') as name, d.rule_based_matching,
      to_jsonb(m) as matching, coalesce((select max(h.number) from millrace.profile_history h
        where h.domain = d.number), 0)::text as newest
    from millrace.profile_domains d full join millrace.profile_matchings m on m.domain = d.number
    where d.rule_based_matching is not null or m.domain is not null
    order by 1`.execute(db)
  return rows.map((row) => ({
    number: row.number,
    name: row.name,
    configuration: row.rule_based_matching ?? undefined,
    matching: row.matching === null ? undefined : fromRow(row.matching),
    newestHistory: row.newest,
  }))
}

async function begin(db: Db, domain: number, configuration: string, historyRead: string): Promise<Matching> {
  return await db.transaction().execute(async (transaction) => {
    await sql`delete from millrace.profile_matchings where domain = ${domain}`.execute(transaction)
    await sql`delete from millrace.profile_matches where domain = ${domain} and kind = 'rule'`.execute(
      transaction,
    )
    const { rows } = await sql<MatchingRow>`insert into millrace.profile_matchings
      (domain, configuration, status, history_read)
      values (${domain}, ${configuration}, 'IN_PROGRESS', ${historyRead}::bigint) returning *`.execute(
      transaction,
    )
    const [matching] = rows.map(fromRow)
    if (matching === undefined) throw new Error("an insert gives its row back")
    return matching
  })
}

async function removeOldKeys(db: Db, atMost: number): Promise<boolean> {
  const old = sql`matching not in (select matching from millrace.profile_matchings)`
  const { numAffectedRows } = await sql`delete from millrace.profile_match_keys
    where (matching, key, profile) in (select matching, key, profile from millrace.profile_match_keys
      where ${old} limit ${atMost})`.execute(db)
  if (Number(numAffectedRows ?? 0n) > 0) return true
  await sql`delete from millrace.profile_common_keys where ${old}`.execute(db)
  return false
}

interface DomainRow {
  number: number
  name: string
  rule_based_matching: string | null
  matching: MatchingRow | null
  newest: string
}

interface MatchingRow {
  matching: number
  configuration: string
  status: "IN_PROGRESS" | "ACTIVE"
  scanned_to: string | null
  is_scanned: boolean
  history_read: string | number
}

function fromRow(row: MatchingRow): Matching {
  return {
    number: row.matching,
    configuration: row.configuration,
    status: row.status,
    scannedTo: row.scanned_to ?? undefined,
    isScanned: row.is_scanned,
    historyRead: String(row.history_read),
  }
}
