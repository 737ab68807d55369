import { type Kysely, sql, type Transaction } from "kysely"
import type { StateSchema } from "../schema.ts"

type Db = Kysely<StateSchema> | Transaction<StateSchema>

/** What a caller says of an integration. */
export interface IntegrationSettings {
  objectTypeName: string | undefined
  /** Object type by event type. */
  objectTypeNames: Readonly<Record<string, string>>
  eventTriggerNames: readonly string[]
  scope: "PROFILE" | "DOMAIN"
  /** JSON text, as it was given. */
  flowDefinition: string | undefined
  roleArn: string | undefined
  tags: Readonly<Record<string, string>>
}

export interface IntegrationRecord extends IntegrationSettings {
  /** One that is made anew under the same Uri has another. */
  number: number
  domain: string
  uri: string
  createdAt: Date
  updatedAt: Date
}

/** An integration as its flow sees it. */
export interface FlowRecordState extends IntegrationRecord {
  domainNumber: number
  /** JSON text: how far a reader of rows has come; undefined: nothing is read yet. */
  position: string | undefined
  /** Somebody asked for a run. */
  isRunWanted: boolean
  /** The time of the schedule for which the newest run began. */
  lastDueAt: Date | undefined
}

/** Integrations of customer profiles. */
export interface ProfileIntegrationStore {
  find(domain: string, uri: string): Promise<IntegrationRecord | undefined>
  /**
   * Makes it, or gives it other settings. `wantsRun`: a run is asked for. `"tooMany"`: the domain has `atMost` others;
   * `"noDomain"`: there is no such domain.
   */
  put(
    at: { domain: string; uri: string; atMost: number; wantsRun: boolean },
    settings: IntegrationSettings,
  ): Promise<IntegrationRecord | "tooMany" | "noDomain">
  /** Ends its run. False: there is none. */
  remove(domain: string, uri: string): Promise<boolean>
  /** In the order of their Uris, or of domains where it is a Uri's; `after` excluded. */
  list(page: {
    domain?: string
    uri?: string
    after: string | undefined
    limit: number
  }): Promise<IntegrationRecord[]>
  /** All that may have a flow, with how far it has come. */
  flows(): Promise<FlowRecordState[]>
}

const columns = sql`i.number, d.name as domain, d.number as domain_number, i.uri, i.object_type_name, i.object_type_names,
  i.event_trigger_names, i.scope, i.flow_definition, i.role_arn, i.tags, i.position, i.run_wanted, i.last_due_at,
  i.created_at, i.updated_at`
const joined = sql`millrace.profile_integrations i join millrace.profile_domains d on d.number = i.domain`

export function profileIntegrationStore(db: Kysely<StateSchema>): ProfileIntegrationStore {
  return {
    find: (domain, uri) => find(db, domain, uri),
    put: (at, settings) => db.transaction().execute((transaction) => put(transaction, at, settings)),
    remove: (domain, uri) => db.transaction().execute((transaction) => remove(transaction, domain, uri)),
    async list({ domain, uri, after, limit }) {
      const key = uri === undefined ? sql`i.uri` : sql`d.name`
      const { rows } = await sql<IntegrationRow>`select ${columns} from ${joined}
        where (${domain ?? null}::text is null or d.name = ${domain ?? null})
        and (${uri ?? null}::text is null or i.uri = ${uri ?? null})
        and (${after ?? null}::text is null or ${key} collate "C" > ${after ?? null})
        order by ${key} collate "C" limit ${limit}`.execute(db)
      return rows.map(fromRow)
    },
    async flows() {
      const { rows } = await sql<IntegrationRow>`select ${columns} from ${joined}
        where cardinality(i.event_trigger_names) = 0 order by i.number`.execute(db)
      return rows.map(flowFromRow)
    },
  }
}

async function find(db: Db, domain: string, uri: string): Promise<IntegrationRecord | undefined> {
  const { rows } = await sql<IntegrationRow>`select ${columns} from ${joined}
    where d.name = ${domain} and i.uri = ${uri}`.execute(db)
  return rows.map(fromRow)[0]
}

async function put(
  db: Transaction<StateSchema>,
  { domain, uri, atMost, wantsRun }: { domain: string; uri: string; atMost: number; wantsRun: boolean },
  settings: IntegrationSettings,
): Promise<IntegrationRecord | "tooMany" | "noDomain"> {
  // Two that come at once are counted one after the other.
  const held = await sql<{ number: number; others: number }>`select d.number,
    (select count(*)::int from millrace.profile_integrations i where i.domain = d.number and i.uri <> ${uri}) as others
    from millrace.profile_domains d where d.name = ${domain} for no key update`.execute(db)
  const [found] = held.rows
  if (found === undefined) return "noDomain"
  if (found.others >= atMost) return "tooMany"
  const { objectTypeName, objectTypeNames, eventTriggerNames, scope, flowDefinition, roleArn, tags } =
    settings
  await sql`insert into millrace.profile_integrations as i (domain, uri, object_type_name, object_type_names,
      event_trigger_names, scope, flow_definition, role_arn, tags, run_wanted)
    values (${found.number}, ${uri}, ${objectTypeName ?? null}, ${JSON.stringify(objectTypeNames)},
      ${[...eventTriggerNames]}::text[], ${scope}, ${flowDefinition ?? null}, ${roleArn ?? null}, ${JSON.stringify(tags)},
      ${wantsRun})
    on conflict (domain, uri) do update set object_type_name = excluded.object_type_name,
      object_type_names = excluded.object_type_names, event_trigger_names = excluded.event_trigger_names,
      scope = excluded.scope, flow_definition = excluded.flow_definition, role_arn = excluded.role_arn,
      tags = excluded.tags, run_wanted = i.run_wanted or excluded.run_wanted, updated_at = clock_timestamp()`.execute(
    db,
  )
  const record = await find(db, domain, uri)
  if (record === undefined) throw new Error("the state database has no integration that was just put")
  return record
}

async function remove(db: Transaction<StateSchema>, domain: string, uri: string): Promise<boolean> {
  const { rows } = await sql<{ number: number }>`delete from millrace.profile_integrations i
    using millrace.profile_domains d where d.number = i.domain and d.name = ${domain} and i.uri = ${uri}
    returning i.number`.execute(db)
  const [gone] = rows
  if (gone === undefined) return false
  await sql`update millrace.profile_flow_runs set status = 'Canceled', error_info = 'The integration was deleted.',
    ended_at = clock_timestamp(), updated_at = clock_timestamp()
    where integration = ${gone.number} and status in ('InProgress', 'CancelStarted')`.execute(db)
  return true
}

interface IntegrationRow {
  number: number
  domain: string
  domain_number: number
  uri: string
  object_type_name: string | null
  object_type_names: Record<string, string>
  event_trigger_names: string[]
  scope: "PROFILE" | "DOMAIN"
  flow_definition: string | null
  role_arn: string | null
  tags: Record<string, string>
  position: string | null
  run_wanted: boolean
  last_due_at: Date | null
  created_at: Date
  updated_at: Date
}

function fromRow(row: IntegrationRow): IntegrationRecord {
  return {
    number: row.number,
    domain: row.domain,
    uri: row.uri,
    objectTypeName: row.object_type_name ?? undefined,
    objectTypeNames: row.object_type_names,
    eventTriggerNames: row.event_trigger_names,
    scope: row.scope,
    flowDefinition: row.flow_definition ?? undefined,
    roleArn: row.role_arn ?? undefined,
    tags: row.tags,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

function flowFromRow(row: IntegrationRow): FlowRecordState {
  return {
    ...fromRow(row),
    domainNumber: row.domain_number,
    position: row.position ?? undefined,
    isRunWanted: row.run_wanted,
    lastDueAt: row.last_due_at ?? undefined,
  }
}
