import { sql } from "kysely"
import { json } from "../pipelines/json.ts"
import { type Page, within } from "./people.ts"
import { type Change, type Db, touchPeople } from "./transactions.ts"

/** What may be subscribed to. */
export type SubscribedModel = { kind: "source"; id: number } | { kind: "project"; id: number }

/** Who is subscribed. */
export type Subscriber = { kind: "person"; id: number } | { kind: "group"; id: number }

/** `pending` until it is approved; `expired` and `denied` show nothing. An owner may approve; all others of these see the rows alike. */
export type SubscriptionState =
  | "pending"
  | "subscribed"
  | "expert"
  | "owner"
  | "ingest"
  | "denied"
  | "expired"

/** By which somebody sees rows. */
export const activeStates: readonly SubscriptionState[] = ["subscribed", "expert", "owner", "ingest"]

/** Someone with this permission must approve; if a person is named, only that person. */
export interface RequiredApproval {
  permission: string
  /** Id of a person. */
  approver?: number
}

export interface SubscriptionRecord {
  id: number
  model: SubscribedModel
  subscriber: Subscriber
  state: SubscriptionState
  /** All of these must have approved. */
  required: RequiredApproval[]
  expiresAt: Date | undefined
  denialReason: string | undefined
  metadata: object | undefined
  createdAt: Date
  updatedAt: Date
}

interface SubscriptionRow {
  id: number
  source_id: number | null
  project_id: number | null
  person_id: number | null
  group_id: number | null
  state: SubscriptionState
  required: RequiredApproval[]
  expires_at: Date | null
  denial_reason: string | null
  metadata: object | null
  created_at: Date
  updated_at: Date
}

export type NewSubscription = Pick<SubscriptionRecord, "model" | "subscriber" | "state" | "required"> & {
  expiresAt?: Date | undefined
  metadata?: object | undefined
  createdBy: string
}

/** Replaces the subscription of the same subscriber to the same model, with its approvals. */
export async function putSubscription(change: Change, given: NewSubscription): Promise<SubscriptionRecord> {
  const { model, subscriber } = given
  const before = await subscriptionOf(change.db, model, subscriber)
  if (before !== undefined) {
    await sql`delete from millrace.subscriptions where id = ${before.id}`.execute(change.db)
  }
  const ids = columnsOf(model, subscriber)
  const { rows } = await sql<SubscriptionRow>`
    insert into millrace.subscriptions
      (source_id, project_id, person_id, group_id, state, required, expires_at, metadata, created_by)
    values (${ids.source}, ${ids.project}, ${ids.person}, ${ids.group}, ${given.state}, ${json(given.required)},
      ${given.expiresAt ?? null}, ${json(given.metadata ?? null)}, ${given.createdBy})
    returning *`.execute(change.db)
  await touchSubscriber(change, subscriber)
  return rows.map(fromRow)[0] as SubscriptionRecord
}

function columnsOf(model: SubscribedModel, subscriber: Subscriber) {
  return {
    source: model.kind === "source" ? model.id : null,
    project: model.kind === "project" ? model.id : null,
    person: subscriber.kind === "person" ? subscriber.id : null,
    group: subscriber.kind === "group" ? subscriber.id : null,
  }
}

export async function subscriptionById(db: Db, id: number): Promise<SubscriptionRecord | undefined> {
  const { rows } = await sql<SubscriptionRow>`select * from millrace.subscriptions where id = ${id}`.execute(
    db,
  )
  return rows.map(fromRow)[0]
}

export async function subscriptionOf(
  db: Db,
  model: SubscribedModel,
  subscriber: Subscriber,
): Promise<SubscriptionRecord | undefined> {
  const ids = columnsOf(model, subscriber)
  const { rows } = await sql<SubscriptionRow>`select * from millrace.subscriptions
    where source_id is not distinct from ${ids.source}::integer
      and project_id is not distinct from ${ids.project}::integer
      and person_id is not distinct from ${ids.person}::integer
      and group_id is not distinct from ${ids.group}::integer`.execute(db)
  return rows.map(fromRow)[0]
}

export async function patchSubscription(
  change: Change,
  id: number,
  patch: { state?: SubscriptionState; expiresAt?: Date | undefined; denialReason?: string },
): Promise<SubscriptionRecord | undefined> {
  const sets = [
    ...(patch.state === undefined ? [] : [sql`state = ${patch.state}`]),
    ...("expiresAt" in patch ? [sql`expires_at = ${patch.expiresAt ?? null}`] : []),
    ...(patch.denialReason === undefined ? [] : [sql`denial_reason = ${patch.denialReason}`]),
    sql`updated_at = now()`,
  ]
  const { rows } = await sql<SubscriptionRow>`
    update millrace.subscriptions set ${sql.join(sets)} where id = ${id} returning *`.execute(change.db)
  const [changed] = rows.map(fromRow)
  if (changed !== undefined) await touchSubscriber(change, changed.subscriber)
  return changed
}

export async function removeSubscription(
  change: Change,
  { id, subscriber }: SubscriptionRecord,
): Promise<void> {
  await touchSubscriber(change, subscriber)
  await sql`delete from millrace.subscriptions where id = ${id}`.execute(change.db)
}

/** `at`: which of the required approvals. Repeatable. */
export async function recordApproval({ db }: Change, id: number, at: number, by: string): Promise<void> {
  await sql`insert into millrace.subscription_approvals (subscription_id, required, approved_by)
    values (${id}, ${at}, ${by}) on conflict do nothing`.execute(db)
}

/** Which of the required approvals have been given. */
export async function approvalsOf(db: Db, id: number): Promise<Set<number>> {
  const { rows } = await sql<{ required: number }>`
    select required from millrace.subscription_approvals where subscription_id = ${id}`.execute(db)
  return new Set(rows.map(({ required }) => required))
}

export interface SubscriptionSearch {
  model?: SubscribedModel
  states?: readonly SubscriptionState[]
  subscriberKinds?: readonly Subscriber["kind"][]
  personId?: number
  groupId?: number
  modelKinds?: readonly SubscribedModel["kind"][]
  /** Somewhere in the name of the person or group. */
  text?: string
}

/** A page of them by id, and how many there are in all. */
export async function searchSubscriptions(
  db: Db,
  search: SubscriptionSearch,
  page: Page,
): Promise<{ subscriptions: SubscriptionRecord[]; count: number }> {
  const where = sql.join(conditionsOf(search), sql` and `)
  const direction = page.isDescending ? sql`desc` : sql`asc`
  const { rows } = await sql<SubscriptionRow>`select * from millrace.subscriptions where ${where}
    order by id ${direction} offset ${page.offset} limit ${page.size}`.execute(db)
  const { rows: counted } = await sql<{ count: string }>`
    select count(*) as count from millrace.subscriptions where ${where}`.execute(db)
  return { subscriptions: rows.map(fromRow), count: Number(counted[0]?.count) }
}

function conditionsOf({
  model,
  states,
  subscriberKinds,
  modelKinds,
  personId,
  groupId,
  text,
}: SubscriptionSearch) {
  return [
    sql`true`,
    ...(model === undefined ? [] : [sql`${sql.raw(`${model.kind}_id`)} = ${model.id}`]),
    ...(states === undefined ? [] : [sql`state = any(${[...states]}::text[])`]),
    ...(subscriberKinds === undefined ? [] : [oneIsSet(subscriberKinds)]),
    ...(modelKinds === undefined ? [] : [oneIsSet(modelKinds)]),
    ...(personId === undefined ? [] : [sql`person_id = ${personId}`]),
    ...(groupId === undefined ? [] : [sql`group_id = ${groupId}`]),
    ...(text === undefined
      ? []
      : [
          sql`coalesce(
      (select ${within(sql`user_id`, text)} from millrace.governed_people person where person.id = person_id),
      (select ${within(sql`name`, text)} from millrace.governed_groups found where found.id = group_id))`,
        ]),
  ]
}

function oneIsSet(kinds: readonly (Subscriber["kind"] | SubscribedModel["kind"])[]) {
  if (kinds.length === 0) return sql`false`
  return sql`num_nonnulls(${sql.join(kinds.map((kind) => sql.raw(`${kind}_id`)))}) > 0`
}

/** Ends what has expired by now, by the state database's clock. */
export async function settleExpiries(change: Change): Promise<void> {
  const { rows } = await sql<SubscriptionRow>`
    update millrace.subscriptions set state = 'expired', updated_at = now()
    where expires_at <= now() and state not in ('expired', 'denied') returning *`.execute(change.db)
  for (const { subscriber } of rows.map(fromRow)) await touchSubscriber(change, subscriber)
}

async function touchSubscriber(change: Change, { kind, id }: Subscriber): Promise<void> {
  await touchPeople(
    change,
    kind === "person"
      ? sql`${id}::integer`
      : sql`select person_id from millrace.group_members where group_id = ${id}`,
  )
}

function fromRow(row: SubscriptionRow): SubscriptionRecord {
  return {
    id: row.id,
    model: oneOf("source", row.source_id, "project", row.project_id),
    subscriber: oneOf("person", row.person_id, "group", row.group_id),
    state: row.state,
    required: row.required,
    expiresAt: row.expires_at ?? undefined,
    denialReason: row.denial_reason ?? undefined,
    metadata: row.metadata ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

function oneOf<A extends string, B extends string>(
  first: A,
  firstId: number | null,
  second: B,
  secondId: number | null,
): { kind: A; id: number } | { kind: B; id: number } {
  return firstId !== null ? { kind: first, id: firstId } : { kind: second, id: secondId ?? 0 }
}
