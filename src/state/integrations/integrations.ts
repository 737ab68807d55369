import { type Kysely, sql, type Transaction } from "kysely"
import { deletedEvent, eventsBetween } from "../../domain/events.ts"
import { Fault } from "../../domain/faults.ts"
import {
  type Destination,
  type Integration,
  type IntegrationQuotas,
  type IntegrationService,
  type IntegrationStatus,
  mayBecome,
  statusesBefore,
} from "../../domain/integration.ts"
import { brokenConstraint } from "../connection.ts"
import { appendEvents } from "../events.ts"
import { type Lease, writeAsOwner } from "../leases.ts"
import { noteRemoved, refuseSecondCreation } from "../resources/creations.ts"
import type { StateSchema } from "../schema.ts"
import { refuseClash, refuseOverQuota, refuseTakenDestination } from "./integration-clashes.ts"
import { destinationRow, fromRow, type IntegrationPatch, toColumns, toRow } from "./integration-rows.ts"

/** A place in the list: everything after this integration, also when that one is gone meanwhile. */
export interface IntegrationCursor {
  createdAt: Date
  id: string
}

/** Each member that is present narrows what is listed; a list stands for any of its values. */
export interface IntegrationFilter {
  service?: IntegrationService
  targetArn?: string
  arns?: readonly string[]
  sourceArns?: readonly string[]
  /** The service in the source's ARN. */
  sourceServices?: readonly string[]
  statuses?: readonly IntegrationStatus[]
  /** Integrations that are shown in another status than is recorded, which `statuses` then means. */
  shown?: ShownOtherwise
}

export interface ShownOtherwise {
  ids: readonly string[]
  /** Recorded statuses that are not shown. */
  instead: readonly IntegrationStatus[]
  as: IntegrationStatus
}

export interface IntegrationStore {
  /**
   * Records a new integration and reserves its destination databases, or refuses as a whole. Of two at once that
   * exclude each other exactly one wins. The result's `createdAt` is later than every other's.
   *
   * @throws Fault integrationExists, conflictingOperation or quotaExceeded.
   */
  insert(integration: Integration, destinations: readonly Destination[]): Promise<Integration>
  byId(id: string): Promise<Integration | undefined>
  byArn(arn: string): Promise<Integration | undefined>
  byName(name: string): Promise<Integration | undefined>
  /** Oldest first. Integrations made while someone pages appear at the end. */
  list(page: {
    after: IntegrationCursor | undefined
    limit: number
    filter?: IntegrationFilter
  }): Promise<Integration[]>
  /** Every integration, oldest first (there are at most as many as the quota allows). */
  all(): Promise<Integration[]>
  /** Where its source databases go, by their names. */
  destinations(id: string): Promise<Destination[]>
  /**
   * Changes it only if its status is one of `allowed`; undefined when it is not (or is gone).
   *
   * @throws Fault integrationExists when the new name is taken.
   */
  updateIf(
    id: string,
    allowed: readonly IntegrationStatus[],
    patch: IntegrationPatch,
  ): Promise<Integration | undefined>
  /**
   * Has another filter taken from now on, with the patch: its source databases have these destinations; one that it has
   * already keeps its own, others go. Undefined as with `updateIf`.
   *
   * @throws Fault integrationExists when a name is taken.
   */
  changeFilter(
    id: string,
    allowed: readonly IntegrationStatus[],
    patch: IntegrationPatch,
    destinations: readonly Destination[],
  ): Promise<Integration | undefined>
  /**
   * Reports what is of an integration as it was found. False when it has been changed since, or may not become this.
   * `by`: the owner of each of its pipelines.
   *
   * @throws LeaseLost when another owns one of them.
   */
  settle(
    found: Integration,
    now: Pick<Integration, "status" | "errors" | "isFilterPending">,
    by?: readonly Lease[],
  ): Promise<boolean>
  /** Reports what is. False when the lifecycle forbids it: a late report does not undo a deletion. */
  setStatus(id: string, status: IntegrationStatus, errors: Integration["errors"]): Promise<boolean>
  /** Forgets it, its destinations and its tables. Repeatable. @throws Error while it still has pipelines. */
  remove(id: string): Promise<void>
}

type Db = Kysely<StateSchema>

export function integrationStore(db: Db, quotas: IntegrationQuotas): IntegrationStore {
  const find = (column: "id" | "arn" | "name") => async (value: string) => {
    const row = await db.selectFrom("integrations").selectAll().where(column, "=", value).executeTakeFirst()
    return row && fromRow(row)
  }
  return {
    insert: (integration, destinations) => insert(db, quotas, integration, destinations),
    byId: find("id"),
    byArn: find("arn"),
    byName: find("name"),
    list: (page) => list(db, page),
    all: async () => (await ordered(db).execute()).map(fromRow),
    destinations: (id) => destinationsOf(db, id),
    updateIf: (id, allowed, patch) => updateIf(db, id, allowed, patch),
    changeFilter: (id, allowed, patch, destinations) => changeFilter(db, id, allowed, patch, destinations),
    settle: (found, now, by = []) =>
      writeAsOwner(db, by, async (transaction) => {
        const mayChange = (before: Integration) => mayBecome(before, now.status)
        return (await update(transaction, found.id, [found.status], now, mayChange)) !== undefined
      }),
    setStatus: async (id, status, errors) =>
      (await updateIf(db, id, statusesBefore(status), { status, errors })) !== undefined,
    remove: (id) => remove(db, id),
  }
}

/** One creation at a time decides, so that counting and checking need no luck; the constraints stand behind it. */
const creationLock = 4_716_021_002

async function insert(
  db: Db,
  quotas: IntegrationQuotas,
  integration: Integration,
  destinations: readonly Destination[],
): Promise<Integration> {
  return db.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(${creationLock})`.execute(transaction)
    await refuseClash(transaction, integration, destinations)
    await refuseOverQuota(transaction, integration, quotas)
    const recorded = { ...integration, createdAt: await laterThanAll(transaction, integration.createdAt) }
    await refusingTakenName(integration.name, () =>
      transaction.insertInto("integrations").values(toRow(recorded)).execute(),
    )
    await refuseSecondCreation(transaction, recorded.arn)
    if (destinations.length === 0) return recorded
    await transaction
      .insertInto("destinations")
      .values(destinations.map((destination) => destinationRow(recorded, destination, recorded.createdAt)))
      .execute()
    return recorded
  })
}

/** A clock that was set back must not put a new integration on a page that someone has already read. */
async function laterThanAll(transaction: Transaction<StateSchema>, wanted: Date): Promise<Date> {
  const { newest } = await transaction
    .selectFrom("integrations")
    .select(({ fn }) => fn.max<Date | null>("created_at").as("newest"))
    .executeTakeFirstOrThrow()
  return newest === null || newest < wanted ? wanted : new Date(newest.getTime() + 1)
}

/** A rename runs outside the creation lock, so only the constraint can tell. */
async function refusingTakenName<T>(name: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (brokenConstraint(error) !== "integrations_name") throw error
    throw new Fault("integrationExists", `An integration named ${name} already exists.`)
  }
}

function ordered(db: Db) {
  return db.selectFrom("integrations").selectAll().orderBy("created_at").orderBy("id")
}

async function list(
  db: Db,
  page: { after: IntegrationCursor | undefined; limit: number; filter?: IntegrationFilter },
): Promise<Integration[]> {
  const { after, limit, filter = {} } = page
  const start = filtered(ordered(db), filter).limit(limit)
  const query =
    after === undefined
      ? start
      : start.where(({ eb, refTuple, tuple }) =>
          eb(refTuple("created_at", "id"), ">", tuple(after.createdAt, after.id)),
        )
  return (await query.execute()).map(fromRow)
}

function statusShown(shown: ShownOtherwise | undefined) {
  if (shown === undefined) return sql<IntegrationStatus>`status`
  const { ids, instead, as } = shown
  return sql<IntegrationStatus>`case when id = any(${[...ids]}::uuid[]) and status = any(${[...instead]}::text[])
    then ${as}::text else status end`
}

function filtered(query: ReturnType<typeof ordered>, filter: IntegrationFilter) {
  const { service, targetArn, arns, sourceArns, sourceServices, statuses, shown } = filter
  let narrowed = query
  if (service !== undefined) narrowed = narrowed.where("service", "=", service)
  if (targetArn !== undefined) narrowed = narrowed.where("target_arn", "=", targetArn)
  if (arns !== undefined) narrowed = narrowed.where("arn", "in", arns)
  if (sourceArns !== undefined) narrowed = narrowed.where("source_arn", "in", sourceArns)
  if (statuses !== undefined) narrowed = narrowed.where(statusShown(shown), "in", statuses)
  if (sourceServices !== undefined) {
    narrowed = narrowed.where(sql`split_part(source_arn, ':', 3)`, "in", sourceServices)
  }
  return narrowed
}

async function destinationsOf(db: Db, id: string): Promise<Destination[]> {
  const rows = await db
    .selectFrom("destinations")
    .select(["source_database", "destination_database"])
    .where("integration_id", "=", id)
    .orderBy("source_database")
    .execute()
  return rows.map((row) => ({
    sourceDatabase: row.source_database,
    destinationDatabase: row.destination_database ?? undefined,
  }))
}

async function changeFilter(
  db: Db,
  id: string,
  allowed: readonly IntegrationStatus[],
  patch: IntegrationPatch,
  wanted: readonly Destination[],
): Promise<Integration | undefined> {
  return db.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(${creationLock})`.execute(transaction)
    const changed = await update(transaction, id, allowed, patch)
    if (changed === undefined) return undefined
    const had = new Set((await destinationsOf(transaction, id)).map(({ sourceDatabase }) => sourceDatabase))
    const kept = wanted.map(({ sourceDatabase }) => sourceDatabase)
    await transaction
      .deleteFrom("destinations")
      .where("integration_id", "=", id)
      .where("source_database", "not in", kept)
      .execute()
    const added = wanted.filter(({ sourceDatabase }) => !had.has(sourceDatabase))
    await refuseTakenDestination(transaction, changed.targetArn, added)
    if (added.length > 0)
      await transaction
        .insertInto("destinations")
        .values(added.map((destination) => destinationRow(changed, destination, new Date())))
        .execute()
    return changed
  })
}

/** What happened is recorded with it. */
async function updateIf(
  db: Db,
  id: string,
  allowed: readonly IntegrationStatus[],
  patch: IntegrationPatch,
): Promise<Integration | undefined> {
  return db.transaction().execute((transaction) => update(transaction, id, allowed, patch))
}

async function update(
  db: Transaction<StateSchema>,
  id: string,
  allowed: readonly IntegrationStatus[],
  patch: IntegrationPatch,
  mayChange: (before: Integration) => boolean = () => true,
): Promise<Integration | undefined> {
  const row = await db
    .selectFrom("integrations")
    .selectAll()
    .where("id", "=", id)
    .where("status", "in", allowed)
    .forUpdate()
    .executeTakeFirst()
  const before = row && fromRow(row)
  if (before === undefined || !mayChange(before)) return undefined
  const after = await refusingTakenName(patch.name ?? "", () =>
    db
      .updateTable("integrations")
      // Sets something in any case: an empty patch still asks for the status.
      .set({ id, ...toColumns(patch) })
      .where("id", "=", id)
      .returningAll()
      .executeTakeFirstOrThrow(),
  )
  const changed = fromRow(after)
  await appendEvents(db, eventsBetween(before, changed))
  return changed
}

async function remove(db: Db, id: string): Promise<void> {
  try {
    await db.transaction().execute(async (transaction) => {
      const rows = await transaction.deleteFrom("integrations").where("id", "=", id).returningAll().execute()
      await appendEvents(transaction, rows.map(fromRow).map(deletedEvent))
      for (const { arn } of rows) await noteRemoved(transaction, arn)
      await sql`delete from millrace.pipeline_leases where split_part(pipeline, '/', 1) = ${id}`.execute(
        transaction,
      )
    })
  } catch (error) {
    if (brokenConstraint(error) !== "pipelines_integration_id_fkey") throw error
    throw new Error(`integration ${id} still has pipelines: give back their places at the source first`)
  }
}
