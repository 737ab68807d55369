import { z } from "zod"
import {
  type DataPlane,
  declareData,
  removeDeclaration,
} from "../../../control-plane/governance/data/declarations.ts"
import { putDictionary } from "../../../control-plane/governance/data/dictionary.ts"
import {
  deleteSource,
  getSource,
  listSources,
  updateSource,
} from "../../../control-plane/governance/data/sources.ts"
import { testSource } from "../../../control-plane/governance/policies/test-source.ts"
import { columnNames } from "../../../state/governance/sources.ts"
import type { Store } from "../../../state/store.ts"
import { parameter, type Route } from "../route.ts"
import { declarationOf, declarationShape, shownDictionary, shownSource } from "./source-shapes.ts"
import {
  bodyAs,
  changes,
  choice,
  flag,
  idOf,
  listOf,
  pageOf,
  type RouteHead,
  reads,
  textOf,
  wholeNumber,
} from "./wire.ts"

const one = "/dataSource/{dataSourceId}"
const sourcePatch = z.object({
  name: z.string().optional(),
  description: z.string().nullish(),
  eventTimeColumn: z.string().nullish(),
})

/** What answers say of a column besides its tags is the warehouse's, and may be sent back. (Fact: the members.) */
const dictionary = z.object({
  metadata: z.array(
    z.object({
      name: z.string(),
      description: notKept("description"),
      displayName: notKept("displayName"),
      tags: z.array(z.object({ name: z.string() })).optional(),
    }),
  ),
})

function notKept(name: string) {
  return z
    .string()
    .nullish()
    .refine((given) => !given, `A ${name} of a column is not kept here.`)
}

function head(operation: string, method: Route["method"], path: string): RouteHead {
  return { operation, method, path, permissions: ["CREATE_DATA_SOURCE"] }
}

function readable(operation: string, path: string): RouteHead {
  return { operation, method: "GET", path, permissions: [] }
}

/** Data sources: declared by connection or table by table, read and changed. (Fact: paths and members.) */
export function sourceRoutes(store: DataPlane): Route[] {
  return [...declarationRoutes(store), ...readingRoutes(store), ...changingRoutes(store)]
}

function declarationRoutes(store: DataPlane): Route[] {
  const shown = ({ isDryRun, ...names }: { isDryRun: boolean }) => ({
    dryRun: isDryRun,
    ...names,
    detectionRunning: false,
    tagsUpdated: !isDryRun,
  })
  return [
    changes(
      head("DeclareData", "POST", "/api/v2/data"),
      (call) =>
        declareData(store, call.key, {
          declaration: declarationOf(bodyAs(call, declarationShape)),
          isDryRun: flag(call.query, "dryRun"),
        }),
      shown,
    ),
    changes(
      head("RemoveDeclaration", "DELETE", "/api/v2/data/{connectionKey}"),
      (call) =>
        removeDeclaration(store.governance, {
          connectionKey: parameter(call, "connectionKey"),
          isDryRun: flag(call.query, "dryRun"),
        }),
      shown,
    ),
  ]
}

function readingRoutes({ governance }: Pick<Store, "governance">): Route[] {
  return [
    reads(readable("ListSources", "/dataSource"), async (call) => {
      const { query } = call
      const [tags, columns] = [listOf(query, "tag"), listOf(query, "column")]
      const { sources, count } = await listSources(
        governance,
        {
          ...textOf(query, "searchText", "text"),
          ...textOf(query, "schema", "schema"),
          ...(tags !== undefined && { tags }),
          ...(columns !== undefined && { columns }),
        },
        {
          ...pageOf(call, { usual: 25, most: 1_000 }),
          order: choice(query, "sortField", ["name", "createdAt"]),
        },
      )
      return { hits: sources.map(shownSource), facets: {}, count }
    }),
    reads(readable("GetSource", one), async (call) =>
      shownSource(await getSource(governance, { id: idOf(call, "dataSourceId") })),
    ),
    reads(readable("GetSource", "/dataSource/name/{dataSourceName}"), async (call) =>
      shownSource(await getSource(governance, { name: parameter(call, "dataSourceName") })),
    ),
    reads(readable("ListTagsOfSource", `${one}/tags`), async (call) => {
      const { tags } = await getSource(governance, { id: idOf(call, "dataSourceId") })
      return tags.map((name) => ({ name, source: "curated" }))
    }),
    reads(readable("GetDictionary", "/dictionary/{dataSourceId}"), async (call) =>
      shownDictionary(await getSource(governance, { id: idOf(call, "dataSourceId") })),
    ),
    reads(readable("TestSource", `${one}/test`), (call) =>
      testSource(governance, idOf(call, "dataSourceId")),
    ),
    reads(readable("ListColumnNames", "/dictionary/columns"), async ({ query }) => {
      const limit = wholeNumber(query, "limit", { least: 1, most: 1_000 }) ?? 10
      return governance.read((db) => columnNames(db, query.get("searchText") ?? "", limit))
    }),
  ]
}

function changingRoutes({ governance }: Pick<Store, "governance">): Route[] {
  return [
    changes(
      head("UpdateSource", "PUT", one),
      (call) => {
        const { name, description, eventTimeColumn } = bodyAs(call, sourcePatch)
        return updateSource(governance, idOf(call, "dataSourceId"), {
          ...(name !== undefined && { name }),
          ...(description !== undefined && { description: description ?? undefined }),
          ...(eventTimeColumn !== undefined && { eventTimeColumn: eventTimeColumn ?? undefined }),
        })
      },
      shownSource,
    ),
    ...(["POST", "PUT"] as const).map((method) =>
      changes(
        // Tags decide which policies are for a column.
        { ...head("PutDictionary", method, "/dictionary/{dataSourceId}"), permissions: ["GOVERNANCE"] },
        (call) =>
          putDictionary(governance, call.key, {
            sourceId: idOf(call, "dataSourceId"),
            columns: bodyAs(call, dictionary).metadata.map(({ name, tags }) => ({
              name,
              tags: tags?.map((tag) => tag.name),
            })),
          }),
        shownDictionary,
      ),
    ),
    changes(
      head("DeleteSource", "DELETE", one),
      (call) => deleteSource(governance, idOf(call, "dataSourceId")),
      ({ id, name }) => ({ success: true, id, name, hardDelete: true, disabled: false }),
    ),
  ]
}
