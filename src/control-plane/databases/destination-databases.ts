import {
  type DatabaseOptions,
  defaultDatabaseOptions,
  optionsMistake,
} from "../../domain/database-options.ts"
import { Fault } from "../../domain/faults.ts"
import { destinationMistake, type Integration, type IntegrationStatus } from "../../domain/integration.ts"
import { filterForm } from "../../engines/source-engine.ts"
import type { DatabaseRecord } from "../../state/databases.ts"
import type { Caller, ControlPlane } from "../control-plane.ts"
import { findIntegration } from "../integrations/find-integration.ts"
import { orUnavailable } from "../pipelines/or-unavailable.ts"
import { requireAdmin } from "../sql-users/roles.ts"

/** The databases of one warehouse, as they are. */
export interface DatabaseHost {
  warehouseArn: string
  /** Whether tables that are not in step can be kept from readers: QUERY_ALL_STATES = FALSE. */
  hidesTables: boolean
  /** @throws Problem */
  names(): Promise<string[]>
  /** Makes it, empty, if it is not there. @throws Problem */
  ensure(name: string): Promise<void>
  /** Takes it away with all its rows. Repeatable. @throws Problem */
  drop(name: string): Promise<void>
}

export interface CreateDatabaseInput {
  name: string
  /** Its id; its ARN or name will do. */
  integration: string
  sourceDatabase: string | undefined
  options: Partial<DatabaseOptions>
}

const readyStatuses: readonly IntegrationStatus[] = ["active", "syncing", "needs_attention"]

/**
 * Gives one source database of an integration its destination database, in that of the warehouses that is the integration's
 * target; rows begin to flow. The database is there, empty, when this returns.
 *
 * @throws Fault accessDenied, integrationNotFound, integrationInWrongState, integrationExists (the name is taken, or the
 * source database has a destination), conflictingOperation (one of that name is being dropped), invalidValue.
 */
export async function createDatabase(
  plane: ControlPlane,
  hosts: readonly DatabaseHost[],
  caller: Caller,
  { name, integration: identifier, sourceDatabase, options }: CreateDatabaseInput,
): Promise<void> {
  requireAdmin(caller, "create databases")
  refuseMistake(destinationMistake(name) ?? optionsMistake(options))
  const integration = await findIntegration(plane.store.integrations, identifier)
  const host = hostOf(integration, hosts)
  refuseMistake(stateMistake(host, options))
  refuseUnready(integration)
  const source = await chosenSource(plane, integration, sourceDatabase)
  await refuseTaken(plane, host, name)
  const created = await plane.store.databases.create({
    integrationId: integration.id,
    sourceDatabase: source,
    name,
    options: { ...defaultDatabaseOptions, ...options },
    owner: caller.name,
    statuses: readyStatuses,
  })
  if (!created) throw await whyNotCreated(plane, integration, source)
  await madeOrUndone(plane, host, name)
  plane.nudge()
}

/** A database that cannot be made now must not be left ordered behind an error. */
async function madeOrUndone({ store }: ControlPlane, host: DatabaseHost, name: string): Promise<void> {
  try {
    await orUnavailable(host.ensure(name))
  } catch (error) {
    await store.databases.remove(host.warehouseArn, name)
    throw error
  }
}

function stateMistake(
  { hidesTables }: DatabaseHost,
  { queryAllStates }: Partial<DatabaseOptions>,
): string | undefined {
  if (queryAllStates !== false || hidesTables) return undefined
  return "QUERY_ALL_STATES = FALSE keeps tables from readers of the SQL port, and this warehouse's readers ask it themselves."
}

function refuseMistake(mistake: string | undefined): void {
  if (mistake !== undefined) throw new Fault("invalidValue", mistake)
}

function hostOf({ name, targetArn }: Integration, hosts: readonly DatabaseHost[]): DatabaseHost {
  const host = hosts.find(({ warehouseArn }) => warehouseArn === targetArn)
  if (host !== undefined) return host
  throw new Fault(
    "invalidValue",
    `The warehouse of integration ${name}, ${targetArn}, is not configured here.`,
  )
}

function refuseUnready({ name, status }: Integration): void {
  if (readyStatuses.includes(status)) return
  const until = status === "creating" || status === "modifying" ? " Try again when it is active." : ""
  throw new Fault("integrationInWrongState", `Integration ${name} is ${status}.${until}`)
}

/** The one that was named, which some kinds of source demand; else the only one. */
async function chosenSource(
  { sources, sourceEngines, store }: ControlPlane,
  { id, name, sourceArn }: Integration,
  asked: string | undefined,
): Promise<string> {
  const known = (await store.integrations.destinations(id)).map(({ sourceDatabase }) => sourceDatabase)
  const form = filterForm(sourceEngines.named(sources.find(({ arn }) => arn === sourceArn)?.engine ?? ""))
  if (known.length === 0)
    throw new Fault(
      "invalidValue",
      `Integration ${name} brings files, no database: load them by COPY … JOB CREATE.`,
    )
  const list = known.map((one) => `'${one}'`).join(", ")
  if (asked === undefined) {
    const [only] = known
    // Filters of three parts may name several databases, now or later.
    if (form !== "database.schema.table" && known.length === 1 && only !== undefined) return only
    throw new Fault("invalidValue", `Name the source database: DATABASE, then one of ${list}.`)
  }
  if (known.includes(asked)) return asked
  throw new Fault("invalidValue", `Integration ${name} takes ${list}, not the database '${asked}'.`)
}

async function refuseTaken({ store }: ControlPlane, host: DatabaseHost, name: string): Promise<void> {
  const isSame = (other: string) => other.toLowerCase() === name.toLowerCase()
  if ((await store.pipelines.all()).some((one) => isSame(one.destinationDatabase))) {
    const isKept = (await store.databases.all()).some((one) => isSame(one.name))
    if (!isKept)
      throw new Fault(
        "conflictingOperation",
        `Database "${name}" is being dropped. Try again when it is gone.`,
      )
  }
  if ((await orUnavailable(host.names())).some(isSame))
    throw new Fault("integrationExists", `database "${name}" already exists`)
}

async function whyNotCreated(
  { store }: ControlPlane,
  { id, name }: Integration,
  sourceDatabase: string,
): Promise<Fault> {
  const taken = (await store.databases.ofIntegration(id)).find((one) => one.sourceDatabase === sourceDatabase)
  if (taken !== undefined)
    return new Fault(
      "integrationExists",
      `The source database '${sourceDatabase}' of integration ${name} already goes to database "${taken.name}".`,
    )
  return new Fault("integrationInWrongState", `Integration ${name} has changed meanwhile. Try again.`)
}

/**
 * Ends what flows into a database and takes it away; its source database then waits for another. One that no integration
 * has any more just goes. Resolves when it is gone; a source that does not answer is then cleaned later. `patience` waits
 * for something to come true, for a while.
 *
 * @throws Fault accessDenied, invalidValue (not one of ours to drop), conflictingOperation (it takes longer).
 */
export async function dropDatabase(
  plane: ControlPlane,
  host: DatabaseHost,
  caller: Caller,
  name: string,
  patience: (comesTrue: () => Promise<boolean>) => Promise<void>,
): Promise<void> {
  requireAdmin(caller, "drop databases")
  refuseMistake(destinationMistake(name) && `Database "${name}" cannot be dropped.`)
  const removed = await plane.store.databases.remove(host.warehouseArn, name)
  const isFlowing = async () =>
    (await plane.store.pipelines.all()).some((one) => one.destinationDatabase === name)
  if (removed || (await isFlowing())) {
    plane.nudge()
    await patience(async () => !(await isFlowing()))
  }
  // Nothing flows any more into what is left now: an integration that is deleted leaves its databases.
  const isThere = async () => (await orUnavailable(host.names())).includes(name)
  if ((await isThere()) && !(await isFlowing())) await orUnavailable(host.drop(name))
  if (!(await isThere())) return
  throw new Fault(
    "conflictingOperation",
    `Database "${name}" is still being dropped; that goes on by itself.`,
  )
}

/** `optionsFor`: by the database as it is. The database as it is then ordered. @throws Fault accessDenied, invalidValue */
export async function setDatabaseOptions(
  plane: ControlPlane,
  host: DatabaseHost,
  caller: Caller,
  name: string,
  optionsFor: (before: DatabaseRecord) => Partial<DatabaseOptions>,
): Promise<DatabaseRecord> {
  requireAdmin(caller, "change databases")
  const options = optionsFor(await requireDatabase(plane, host, name))
  refuseMistake(optionsMistake(options) ?? stateMistake(host, options))
  const changed = await plane.store.databases.setOptions(host.warehouseArn, name, options)
  if (changed === undefined) throw notReplicated(name)
  plane.nudge()
  return changed
}

/** The database as it was ordered. @throws Fault invalidValue when no integration has it. */
export async function requireDatabase(
  { store }: Pick<ControlPlane, "store">,
  { warehouseArn }: DatabaseHost,
  name: string,
): Promise<DatabaseRecord> {
  const found = await store.databases.byName(warehouseArn, name)
  if (found === undefined) throw notReplicated(name)
  return found
}

function notReplicated(name: string): Fault {
  return new Fault("invalidValue", `Database "${name}" was not created from an integration.`)
}
