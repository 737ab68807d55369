import { z } from "zod"
import type { Declaration, DeclaredSource } from "../../../control-plane/governance/data/declarations.ts"
import { namesFor, usualFormats } from "../../../control-plane/governance/data/rule-names.ts"
import { Fault } from "../../../domain/faults.ts"
import type { SourceRecord } from "../../../state/governance/sources.ts"

const owner = z.object({ type: z.enum(["user", "group"]), name: z.string(), iam: z.string().optional() })
const tagName = z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)])

/** One table of a declaration. (Fact: `naming`, `tags`, `owners`; ours: the rest.) */
const declaredTable = z.object({
  schema: z.string(),
  table: z.string(),
  naming: z.object({ datasource: z.string(), table: z.string(), schema: z.string() }).partial().optional(),
  description: z.string().optional(),
  eventTimeColumn: z.string().optional(),
  tags: z
    .object({
      table: z.array(tagName).optional(),
      columns: z.array(z.object({ columnName: z.string(), tags: z.array(tagName) })).optional(),
    })
    .optional(),
  owners: z.array(owner).optional(),
})

/** (Fact: its members; the connection's login is not needed here, and not kept.) `integration` is ours. */
export const declarationShape = z.object({
  connectionKey: z.string(),
  integration: z.string().optional(),
  connection: z
    .looseObject({
      handler: z.string().optional(),
      hostname: z.string().optional(),
      port: z.int().min(1).max(65_535).optional(),
      database: z.string(),
      schema: z.string().optional(),
    })
    .optional(),
  nameTemplate: z
    .object({ dataSourceFormat: z.string(), tableFormat: z.string(), schemaFormat: z.string() })
    .partial()
    .optional(),
  options: z.looseObject({ tableTags: z.array(tagName).optional() }).optional(),
  owners: z.array(owner).optional(),
  sources: z.array(declaredTable).optional(),
})

type Given = z.infer<typeof declarationShape>

/** As of an integration. (Fact) */
const usualPort = 5_439

/** @throws Fault validation: it does not say of what */
export function declarationOf(given: Given): Declaration {
  const formats = formatsOf(given)
  return {
    connectionKey: given.connectionKey,
    of: placeOf(given),
    formats,
    tags: given.options?.tableTags ?? [],
    owners: ownersOf(given.owners),
    sources: given.sources?.map((table) => declaredSource(given, formats, table)),
  }
}

function placeOf({ integration, connection }: Given): Declaration["of"] {
  if (connection !== undefined) {
    const { database, schema, hostname, port = usualPort } = connection
    const server = hostname === undefined ? undefined : { host: hostname, port }
    return { database, schema: schema || undefined, server }
  }
  if (integration !== undefined) return { integration }
  throw new Fault("validation", "Invalid request payload: /connection is missing, and so is /integration")
}

function formatsOf({ nameTemplate = {} }: Given): Declaration["formats"] {
  return {
    source: nameTemplate.dataSourceFormat || usualFormats.source,
    viewSchema: nameTemplate.schemaFormat || usualFormats.viewSchema,
    view: nameTemplate.tableFormat || usualFormats.view,
  }
}

function ownersOf(owners: Given["owners"] = []): Declaration["owners"] {
  return owners.map(({ type, name, iam }) => ({
    kind: type === "user" ? ("person" as const) : ("group" as const),
    iamId: iam || undefined,
    name,
  }))
}

function declaredSource(
  given: Given,
  formats: Declaration["formats"],
  declared: z.infer<typeof declaredTable>,
): DeclaredSource {
  const { schema, table: name, naming = {}, tags = {} } = declared
  const database = given.connection?.database
  if (database === undefined) {
    throw new Fault("validation", "Invalid request payload: /connection/database is missing beside /sources")
  }
  const table = { database, schema, name }
  const names = namesFor(formats, table)
  return {
    name: naming.datasource ?? names.name,
    view: { schema: naming.schema ?? names.view.schema, name: naming.table ?? names.view.name },
    table,
    description: declared.description,
    eventTimeColumn: declared.eventTimeColumn,
    tags: [...(given.options?.tableTags ?? []), ...(tags.table ?? [])],
    columnTags: new Map((tags.columns ?? []).map(({ columnName, tags: some }) => [columnName, some])),
    owners: [...ownersOf(given.owners), ...ownersOf(declared.owners)],
  }
}

/** (Fact: names of members where the published API has them.) */
export function shownSource(source: SourceRecord): object {
  return {
    id: source.id,
    name: source.name,
    description: source.description ?? null,
    connectionKey: source.connectionKey ?? null,
    blobHandlerType: "Custom",
    type: "queryable",
    status: "passed",
    database: source.table.database,
    schema: source.table.schema,
    table: source.table.name,
    sqlSchemaName: source.view.schema,
    sqlTableName: source.view.name,
    eventTimeColumn: source.eventTimeColumn ?? null,
    tags: source.tags.map((name) => ({ name, source: "curated" })),
    columns: source.columns.map(({ name, type, tags }) => ({ name, dataType: type, tags })),
    governedByRule: source.ruleId !== undefined,
    createdAt: source.createdAt,
    updatedAt: source.updatedAt,
  }
}

/** (Fact: its members.) */
export function shownDictionary(source: SourceRecord): object {
  return {
    id: source.id,
    dataSource: source.id,
    metadata: source.columns.map(({ name, kind, type, tags }) => ({
      name,
      dataType: kind,
      remoteType: type,
      remoteColumn: name,
      tags: tags.map((tag) => ({ name: tag, source: "curated" })),
    })),
    types: [...new Set(source.columns.map(({ kind }) => kind))],
    createdAt: source.createdAt,
    updatedAt: source.updatedAt,
  }
}
