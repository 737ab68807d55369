import { Fault } from "../../../domain/faults.ts"
import { databaseAt, type ServerAddress, serverDatabase } from "../../../governance/model/server-database.ts"
import { holdsByItself, showsOtherDatabases } from "../../../governance/setup/plan.ts"
import {
  insertRule,
  patchRule,
  type RuleFields,
  removeRule,
  ruleByKey,
  type SourceRule,
} from "../../../state/governance/source-rules.ts"
import { removeSource, type SourceRecord, searchSources } from "../../../state/governance/sources.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import type { Change, Db } from "../../../state/governance/transactions.ts"
import type { Store } from "../../../state/store.ts"
import { type Changed, type GovernanceCaller, notFound, refusingClashes } from "../changes.ts"
import { checkedName } from "../names.ts"
import {
  addSource,
  clashOf,
  listUnlisted,
  replaceSource,
  type SourceInput,
  shownForTrail,
  tableName,
} from "./sources.ts"

/** One table of a declaration. */
export type DeclaredSource = Omit<SourceInput, "createdBy" | "connectionKey" | "ruleId">

/** All that is governed by one connection: it replaces what was declared under its key before. (Fact) */
export interface Declaration {
  connectionKey: string
  /** The integration whose databases are meant, or a database by its name; `server`: of a server, if policies are applied at it by host. */
  of:
    | { integration: string }
    | { database: string; schema: string | undefined; server?: ServerAddress | undefined }
  formats: RuleFields["formats"]
  tags: string[]
  owners: RuleFields["owners"]
  /** Undefined: every table, also those that come later. */
  sources: readonly DeclaredSource[] | undefined
}

/** Names of sources: what a declaration would do, or did. (Fact: the members.) */
export interface DeclarationOutcome {
  isDryRun: boolean
  creating: string[]
  updating: string[]
  deleting: string[]
  noChange: string[]
}

const mostSources = 10_000

/** By the ARN of a warehouse: whether its readers see governed tables through policies only. */
export interface Enforcement {
  enforces(targetArn: string): boolean
  /** Whether any warehouse does. */
  isAnywhere: boolean
}

export interface DataPlane
  extends Pick<Store, "governance" | "integrations" | "databases" | "governedIntegrations"> {
  enforcement: Enforcement
}

/**
 * Makes what is governed be what the declaration says, or says what it would do.
 *
 * @throws Fault validation, resourceNotFound, conflictingOperation
 */
export async function declareData(
  store: DataPlane,
  caller: GovernanceCaller,
  { declaration, isDryRun }: { declaration: Declaration; isDryRun: boolean },
): Promise<Changed<DeclarationOutcome>> {
  checkedName("connectionKey", declaration.connectionKey)
  const { integrationName, database, schema, onServer } = await placeOf(store, declaration.of)
  const tables = onServer
    ? declaration.sources?.map((one) => ({ ...one, table: { ...one.table, database } }))
    : declaration.sources
  for (const each of new Set([database, ...(tables ?? []).map(({ table }) => table.database)]))
    await refuseUnenforced(store, each)
  if (onServer && tables === undefined)
    throw new Fault(
      "validation",
      "Invalid request payload: /sources is missing: of a server that is reached by its host, each table is named",
    )
  const key = declaration.connectionKey
  const run = async (change: Change): Promise<DeclarationOutcome> => {
    if (tables !== undefined) return declareTables(change, caller, { connectionKey: key, sources: tables })
    const { formats, tags, owners } = declaration
    const fields = { connectionKey: key, integrationName, database, schema, formats, tags, owners }
    return declareRule(change, caller, fields)
  }
  const governance = store.governance
  const outcome = await refusingClashes(clashOf, () =>
    isDryRun ? tried(governance, run) : governance.change(run),
  )
  const output = { ...outcome, isDryRun }
  return { output, resource: `connection ${key}`, before: undefined, after: output }
}

/** With everything that it governs: those tables are then governed no longer. @throws Fault resourceNotFound */
export async function removeDeclaration(
  store: GovernanceStore,
  { connectionKey, isDryRun }: { connectionKey: string; isDryRun: boolean },
): Promise<Changed<DeclarationOutcome>> {
  const run = async (change: Change): Promise<DeclarationOutcome> => {
    const { isRule, sources } = await removeDeclared(change, connectionKey)
    if (!isRule && sources.length === 0) throw notFound("connection", connectionKey)
    return { ...nothing, deleting: sources }
  }
  const outcome = await (isDryRun ? tried(store, run) : store.change(run))
  const output = { ...outcome, isDryRun }
  return { output, resource: `connection ${connectionKey}`, before: output, after: undefined }
}

/** In a change of the caller's: the rule of this key, if there is one, and the names of the sources that went with it. */
export async function removeDeclared(
  change: Change,
  connectionKey: string,
): Promise<{ isRule: boolean; sources: string[] }> {
  const rule = await ruleByKey(change.db, connectionKey)
  const sources = await declaredSources(change.db, connectionKey)
  for (const { id } of sources) await removeSource(change, id)
  if (rule !== undefined) await removeRule(change, rule.id)
  return { isRule: rule !== undefined, sources: sources.map(({ name }) => name) }
}

const nothing: DeclarationOutcome = {
  isDryRun: false,
  creating: [],
  updating: [],
  deleting: [],
  noChange: [],
}

async function declaredSources(db: Db, connectionKey: string): Promise<SourceRecord[]> {
  const page = { offset: 0, size: mostSources, isDescending: false, order: "name" } as const
  return (await searchSources(db, { connectionKey }, page)).sources
}

/** Thrown to undo what was only tried. */
class Undone<T> extends Error {
  readonly outcome: T
  constructor(outcome: T) {
    super("undone")
    this.outcome = outcome
  }
}

export async function tried<T>(store: GovernanceStore, run: (change: Change) => Promise<T>): Promise<T> {
  try {
    return await store.change(async (change) => {
      throw new Undone(await run(change))
    })
  } catch (error) {
    if (error instanceof Undone) return error.outcome as T
    throw error
  }
}

/**
 * What nobody enforces is not called governed: people would take its rows for protected.
 *
 * @throws Fault validation
 */
export async function refuseUnenforced(
  { databases, enforcement, governedIntegrations }: DataPlane,
  database: string,
): Promise<void> {
  const onServer = serverDatabase(database)
  if (onServer !== undefined) return await refuseServer(governedIntegrations, onServer)
  const known = (await databases.all()).filter(({ name }) => name === database)
  const isEnforced =
    known.length === 0
      ? enforcement.isAnywhere
      : known.every(({ targetArn }) => enforcement.enforces(targetArn))
  if (isEnforced) return
  throw new Fault(
    "validation",
    `No policy would hold on ${database}: people ask its warehouse directly, and policies hold on the SQL port only. Replicate it into a warehouse that the SQL port shows.`,
  )
}

/** Those that the integrations API has set up. */
type Servers = Pick<Store["governedIntegrations"], "all">

/** @throws Fault validation */
async function refuseServer(
  servers: Servers,
  { server, database }: { server: string; database: string },
): Promise<void> {
  const found = (await servers.all()).find(({ config }) => addressText(config) === server)
  if (found === undefined)
    throw new Fault(
      "validation",
      `No policy would hold on ${server}: no integration has set it up. POST /integrations first.`,
    )
  const managed = found.config.database.toLowerCase()
  if (showsOtherDatabases(found.dialect) || database.toLowerCase() === managed) return
  throw new Fault(
    "validation",
    `No policy would hold on ${database}: views in ${managed}, which integration ${found.id} manages there, show tables of that database only.`,
  )
}

function addressText(address: ServerAddress): string {
  return serverDatabase(databaseAt(address, ""))?.server ?? ""
}

interface DeclaredPlace {
  integrationName: string | undefined
  database: string
  schema: string | undefined
  /** In a server that is no warehouse of ours. */
  onServer?: true
}

/** Of a server that an integration has set up, and on which policies do not hold by themselves. */
async function serverOf(servers: Servers, asked: ServerAddress | undefined) {
  if (asked === undefined) return undefined
  const text = addressText(asked)
  const found = (await servers.all()).find(({ config }) => addressText(config) === text)
  return found !== undefined && !holdsByItself(found.dialect) ? found.config : undefined
}

async function placeOf(
  store: Pick<Store, "integrations" | "databases" | "governedIntegrations">,
  of: Declaration["of"],
): Promise<DeclaredPlace> {
  if ("database" in of) {
    const server = await serverOf(store.governedIntegrations, of.server)
    if (server !== undefined)
      return {
        integrationName: undefined,
        // Servers fold what nobody quotes.
        database: databaseAt(server, of.database.toLowerCase()),
        schema: of.schema,
        onServer: true,
      }
    const all = await store.databases.all()
    const found = all.find(({ name }) => name === of.database)
    const integration = found && (await store.integrations.byId(found.integrationId))
    return { integrationName: integration?.name, database: of.database, schema: of.schema }
  }
  const integration = await store.integrations.byName(of.integration)
  if (integration === undefined) throw notFound("integration", of.integration)
  const databases = await store.databases.ofIntegration(integration.id)
  const [database, ...more] = databases
  if (database === undefined) {
    throw new Fault("validation", `The integration ${of.integration} has no database yet: name the database.`)
  }
  if (more.length > 0) {
    const names = databases.map(({ name }) => name).join(", ")
    throw new Fault(
      "validation",
      `The integration ${of.integration} has several databases: name one of ${names}.`,
    )
  }
  return { integrationName: integration.name, database: database.name, schema: undefined }
}

export async function declareRule(
  change: Change,
  caller: GovernanceCaller,
  fields: RuleFields,
): Promise<DeclarationOutcome> {
  const before = await ruleByKey(change.db, fields.connectionKey)
  if (before !== undefined && (before.database !== fields.database || before.schema !== fields.schema)) {
    throw new Fault(
      "validation",
      `The connection ${fields.connectionKey} is of ${before.database}: delete it before it becomes another database's.`,
    )
  }
  const known = (await declaredSources(change.db, fields.connectionKey)).map(({ name }) => name)
  if (before === undefined) await insertRule(change, fields, caller.name)
  else await patchRule(change, before.id, fields)
  return { ...nothing, noChange: known, creating: await listUnlisted(change) }
}

export async function declareTables(
  change: Change,
  caller: GovernanceCaller,
  { connectionKey, sources = [] }: Pick<Declaration, "connectionKey" | "sources">,
): Promise<DeclarationOutcome> {
  const rule = await ruleByKey(change.db, connectionKey)
  if (rule !== undefined) throw governsAll(rule)
  const before = await declaredSources(change.db, connectionKey)
  const outcome = {
    isDryRun: false,
    creating: [],
    updating: [],
    deleting: [],
    noChange: [],
  } as DeclarationOutcome
  const kept = new Set<number>()
  for (const declared of sources) {
    const input = { ...declared, createdBy: caller.name, connectionKey }
    const known = before.find(({ table }) => tableName(table) === tableName(declared.table))
    if (known === undefined) await addSource(change, input)
    else kept.add(known.id)
    const after = known && (await replaceSource(change, known, input))
    outcome[resultOf(known, after)].push(declared.name)
  }
  for (const gone of before.filter(({ id }) => !kept.has(id))) {
    outcome.deleting.push(gone.name)
    await removeSource(change, gone.id)
  }
  return outcome
}

function resultOf(
  before: SourceRecord | undefined,
  after: SourceRecord | undefined,
): "creating" | "updating" | "noChange" {
  if (before === undefined || after === undefined) return "creating"
  const same = JSON.stringify(shownForTrail(before)) === JSON.stringify(shownForTrail(after))
  return same ? "noChange" : "updating"
}

function governsAll(rule: SourceRule): Fault {
  return new Fault(
    "validation",
    `The connection ${rule.connectionKey} governs every table of ${rule.database}: delete it before it becomes a list of tables.`,
  )
}
