import { type Kysely, sql, type Transaction } from "kysely"
import type { StateSchema } from "../schema.ts"

/** An object that was refused, as it came. */
export interface DeadLetterRecord {
  number: string
  domain: string
  objectType: string
  integrationUri: string | undefined
  /** A word of a closed list, see src/profiles/ingest/outcome.ts, or `unreadable`. */
  reason: string
  message: string
  object: string
  happenedAt: Date
}

/** Which dead letters of a domain; what is absent is not asked for. */
export interface LetterChoice {
  domain: string
  numbers?: readonly string[] | undefined
  objectType?: string | undefined
  integrationUri?: string | undefined
}

/** Dead letters of customer profiles. Ingestion writes them (`state/profiles/journal.ts`). */
export interface DeadLetterStore {
  /** Of a domain, or of all; newest first. */
  list(domain: string | undefined, limit: number): Promise<DeadLetterRecord[]>
  /** The oldest of a choice that come after a number; nobody else takes them while the transaction lasts. */
  take(
    transaction: Transaction<StateSchema>,
    choice: LetterChoice,
    page: { after: string; limit: number },
  ): Promise<DeadLetterRecord[]>
  remove(transaction: Transaction<StateSchema>, numbers: readonly string[]): Promise<void>
  /** Says anew why an object is refused. */
  explain(
    transaction: Transaction<StateSchema>,
    number: string,
    why: { reason: string; message: string },
  ): Promise<void>
}

const joined = sql`millrace.profile_dead_letters l join millrace.profile_domains d on d.number = l.domain`
const columns = sql`l.*, d.name as domain_name`

export function deadLetterStore(db: Kysely<StateSchema>): DeadLetterStore {
  return {
    async list(domain, limit) {
      const { rows } = await sql<LetterRow>`select ${columns} from ${joined}
        where ${domain ?? null}::text is null or d.name = ${domain ?? null}
        order by l.number desc limit ${limit}`.execute(db)
      return rows.map(fromRow)
    },
    async take(transaction, { domain, numbers, objectType, integrationUri }, { after, limit }) {
      const { rows } = await sql<LetterRow>`select ${columns} from ${joined}
        where d.name = ${domain} and l.number > ${after}::bigint
        and (${numbers === undefined} or l.number = any(${[...(numbers ?? [])]}::bigint[]))
        and (${objectType ?? null}::text is null or l.object_type = ${objectType ?? null})
        and (${integrationUri ?? null}::text is null or l.integration_uri = ${integrationUri ?? null})
        order by l.number limit ${limit} for update of l`.execute(transaction)
      return rows.map(fromRow)
    },
    async remove(transaction, numbers) {
      await sql`delete from millrace.profile_dead_letters where number = any(${[...numbers]}::bigint[])`.execute(
        transaction,
      )
    },
    async explain(transaction, number, { reason, message }) {
      await sql`update millrace.profile_dead_letters set reason = ${reason}, message = ${message}
        where number = ${number}::bigint`.execute(transaction)
    },
  }
}

interface LetterRow {
  number: string
  domain_name: string
  object_type: string
  integration_uri: string | null
  reason: string
  message: string
  object: string
  happened_at: Date
}

function fromRow(row: LetterRow): DeadLetterRecord {
  return {
    number: row.number,
    domain: row.domain_name,
    objectType: row.object_type,
    integrationUri: row.integration_uri ?? undefined,
    reason: row.reason,
    message: row.message,
    object: row.object,
    happenedAt: row.happened_at,
  }
}
