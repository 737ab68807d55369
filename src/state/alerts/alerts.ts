import { type Kysely, sql } from "kysely"
import type { AlertFinding, AlertMessage } from "../../domain/alerts/alert.ts"
import type { StateSchema } from "../schema.ts"

type Db = Kysely<StateSchema>

export interface KnownAlert extends AlertFinding {
  since: Date
  /** Absent: it does not last long enough yet, or its integration is silenced. */
  toldAt: Date | undefined
}

export interface Silence {
  /** Empty: all integrations. */
  integrationArn: string
  until: Date
  by: string
}

/** What one look has changed; all of it is recorded, or nothing. */
export interface AlertChanges {
  /** New ones, and those whose message has changed; when it began stays. */
  found: readonly AlertFinding[]
  gone: readonly AlertFinding[]
  told: readonly AlertFinding[]
  messages: readonly { channel: string; message: AlertMessage }[]
}

export interface WaitingMessage {
  number: string
  channel: string
  message: AlertMessage
  ageMs: number
  attempts: number
  refusals: number
}

export interface AlertStore {
  all(): Promise<KnownAlert[]>
  /** @returns how many messages were dropped, oldest first, because there were too many */
  record(changes: AlertChanges): Promise<number>
  /** Those that hold now. */
  silences(): Promise<Silence[]>
  /** `undefined` until: the silence ends now. */
  silence(silence: Omit<Silence, "until"> & { until: Date | undefined }): Promise<void>
  /** Those that may be sent now, oldest first. */
  waiting(limit: number): Promise<WaitingMessage[]>
  sent(number: string): Promise<void>
  /** It is tried again after `waitMs`. */
  notSent(number: string, { isRefused, waitMs }: { isRefused: boolean; waitMs: number }): Promise<void>
}

const messagesAtMost = 1_000
const silencesAtMost = 1_000

interface AlertRow {
  finding: AlertFinding
  since: Date
  told_at: Date | null
}

export function alertStore(db: Db): AlertStore {
  return {
    async all() {
      const { rows } = await sql<AlertRow>`select finding, since, told_at from millrace.alerts
        order by since, rule, integration_arn, subject`.execute(db)
      return rows.map(({ finding, since, told_at }) => ({ ...finding, since, toldAt: told_at ?? undefined }))
    },
    record: (changes) => db.transaction().execute((transaction) => record(transaction, changes)),
    async silences() {
      const { rows } = await sql<Silence>`select integration_arn as "integrationArn", until, by
        from millrace.alert_silences where until > clock_timestamp() order by until`.execute(db)
      return rows
    },
    async silence({ integrationArn, until, by }) {
      await sql`delete from millrace.alert_silences
        where integration_arn = ${integrationArn} or until <= clock_timestamp()`.execute(db)
      if (until === undefined) return
      await sql`insert into millrace.alert_silences (integration_arn, until, by)
        select ${integrationArn}, ${until}, ${by}
        where (select count(*) from millrace.alert_silences) < ${silencesAtMost}
        on conflict (integration_arn) do update set until = excluded.until, by = excluded.by`.execute(db)
    },
    async waiting(limit) {
      const { rows } = await sql<WaitingMessage>`select number::text, channel, message, attempts, refusals,
          (extract(epoch from clock_timestamp() - created_at) * 1000)::float8 as "ageMs"
        from millrace.alert_messages where next_at <= clock_timestamp() order by number limit ${limit}`.execute(
        db,
      )
      return rows
    },
    async sent(number) {
      await sql`delete from millrace.alert_messages where number = ${number}`.execute(db)
    },
    async notSent(number, { isRefused, waitMs }) {
      await sql`update millrace.alert_messages set attempts = attempts + 1,
          refusals = refusals + ${isRefused ? 1 : 0},
          next_at = clock_timestamp() + make_interval(secs => ${waitMs / 1_000})
        where number = ${number}`.execute(db)
    },
  }
}

async function record(db: Db, { found, gone, told, messages }: AlertChanges): Promise<number> {
  for (const one of found)
    await sql`insert into millrace.alerts (rule, integration_arn, subject, finding)
      values (${one.rule}, ${one.integrationArn}, ${one.subject}, ${JSON.stringify(one)}::jsonb)
      on conflict (rule, integration_arn, subject) do update set finding = excluded.finding`.execute(db)
  for (const { rule, integrationArn, subject } of told)
    await sql`update millrace.alerts set told_at = clock_timestamp()
      where rule = ${rule} and integration_arn = ${integrationArn} and subject = ${subject}`.execute(db)
  for (const { rule, integrationArn, subject } of gone)
    await sql`delete from millrace.alerts
      where rule = ${rule} and integration_arn = ${integrationArn} and subject = ${subject}`.execute(db)
  for (const { channel, message } of messages)
    await sql`insert into millrace.alert_messages (channel, message)
      values (${channel}, ${JSON.stringify(message)}::jsonb)`.execute(db)
  if (messages.length === 0) return 0
  const dropped = await sql`delete from millrace.alert_messages where number in
    (select number from millrace.alert_messages order by number desc offset ${messagesAtMost})`.execute(db)
  return Number(dropped.numAffectedRows ?? 0)
}
