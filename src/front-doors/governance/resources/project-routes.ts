import { z } from "zod"
import {
  acknowledgeProject,
  createProject,
  deleteProject,
  getProject,
  listProjects,
  type ProjectDetail,
  type ProjectInput,
  putProject,
  setCurrentProject,
  updateProject,
} from "../../../control-plane/governance/access/projects.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import { parameter, type Route, type RouteCall } from "../route.ts"
import { shownPurpose } from "./purpose-routes.ts"
import {
  bodyAs,
  changes,
  choice,
  idOf,
  listOf,
  pageOf,
  type RouteHead,
  reads,
  textOf,
  wholeNumber,
} from "./wire.ts"

const named = z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)])
const purpose = z.union([
  z.string(),
  z.number().int(),
  z.object({ id: z.number().int() }).transform(({ id }) => id),
])
const projectPatch = z.object({
  name: z.string().optional(),
  status: z.enum(["open", "closed"]).optional(),
  description: z.string().optional(),
  documentation: z.string().optional(),
  tags: z.array(named).optional(),
  purposes: z.array(purpose).optional(),
  dataSources: z.array(z.number().int()).optional(),
  allowMaskedJoins: z.boolean().optional(),
  subscriptionPolicy: z.looseObject({}).optional(),
})
const newProject = projectPatch.extend({ name: z.string(), projectKey: z.string().optional() })
const keyedProject = projectPatch.extend({ name: z.string(), projectKey: z.string() })

const one = "/project/{projectId}"

function head(operation: string, method: Route["method"], path: string): RouteHead {
  return { operation, method, path, permissions: ["CREATE_PROJECT", "GOVERNANCE"] }
}

function inputOf({
  status,
  dataSources,
  allowMaskedJoins,
  ...rest
}: z.infer<typeof projectPatch>): ProjectInput {
  return {
    ...rest,
    isOpen: status === undefined ? undefined : status === "open",
    allowsMaskedJoins: allowMaskedJoins,
    sources: dataSources,
  }
}

/** Projects: purposes, sources and members. (Fact: paths and members.) */
export function projectRoutes(store: GovernanceStore): Route[] {
  return [...readingRoutes(store), ...ownRoutes(store), ...partRoutes(store), ...personalRoutes(store)]
}

function readingRoutes(store: GovernanceStore): Route[] {
  return [
    reads({ operation: "ListProjects", method: "GET", path: "/project", permissions: [] }, async (call) => {
      const sourceId = wholeNumber(call.query, "dataSourceId", { least: 1, most: 999_999_999 })
      const status = call.query.get("status")
      const tags = listOf(call.query, "tag")
      const { projects, count } = await listProjects(store, call.key, {
        search: {
          ...textOf(call.query, "searchText", "text"),
          ...(status !== null && { isOpen: status === "open" }),
          ...(sourceId !== undefined && { sourceId }),
          ...(tags !== undefined && { tags }),
        },
        page: {
          ...pageOf(call, { usual: 10, most: 200 }),
          order: choice(call.query, "sortField", ["name", "status", "updatedAt"]),
        },
      })
      return { count, hits: projects.map(shownProject), facets: {} }
    }),
    reads({ operation: "GetProject", method: "GET", path: one, permissions: [] }, async (call) =>
      shownProject(await getProject(store, call.key, idOf(call, "projectId"))),
    ),
    reads(
      { operation: "ListSourcesOfProject", method: "GET", path: `${one}/dataSources`, permissions: [] },
      async (call) => {
        const { sources } = await getProject(store, call.key, idOf(call, "projectId"))
        const { offset, size } = pageOf(call, { usual: 15, most: 1_000 })
        const dataSources = sources
          .slice(offset, offset + size)
          .map(({ sourceId, name, addedBy, addedAt }) => ({
            dataSourceId: sourceId,
            dataSourceName: name,
            addedBy,
            addedOn: addedAt,
          }))
        return { count: sources.length, dataSources }
      },
    ),
  ]
}

function ownRoutes(store: GovernanceStore): Route[] {
  return [
    changes(
      head("CreateProject", "POST", "/project"),
      (call) => {
        const { projectKey, name, ...rest } = bodyAs(call, newProject)
        return createProject(store, call.key, { ...inputOf(rest), name, key: projectKey })
      },
      shownProject,
    ),
    changes(
      head("UpdateProject", "PUT", one),
      (call) =>
        updateProject(store, call.key, {
          id: idOf(call, "projectId"),
          input: inputOf(bodyAs(call, projectPatch)),
        }),
      shownProject,
    ),
    changes(
      head("DeleteProject", "DELETE", one),
      (call) => deleteProject(store, call.key, { id: idOf(call, "projectId") }),
      ({ id, name }) => ({ id, name }),
    ),
    changes(
      head("PutProject", "POST", "/api/v2/project"),
      (call) => {
        const { projectKey, name, ...rest } = bodyAs(call, keyedProject)
        return putProject(store, call.key, { ...inputOf(rest), name, key: projectKey })
      },
      ({ project, sources, isNew }) => ({
        dryRun: false,
        creating: isNew,
        updating: !isNew,
        numberOfDataSourcesAdded: sources.length,
        numberOfDataSourcesRemoved: 0,
        projectId: project.id,
      }),
    ),
    changes(
      head("DeleteProject", "DELETE", "/api/v2/project/{projectKey}"),
      (call) => deleteProject(store, call.key, { key: parameter(call, "projectKey") }),
      ({ id, name }) => ({ projectId: id, name }),
    ),
  ]
}

function partRoutes(store: GovernanceStore): Route[] {
  const path = `${one}/dataSources`
  const withSources = async (call: RouteCall, made: (now: number[]) => number[]) => {
    const id = idOf(call, "projectId")
    const { sources } = await getProject(store, call.key, id)
    const wanted = made(sources.map(({ sourceId }) => sourceId))
    return updateProject(store, call.key, { id, input: { sources: wanted } })
  }
  const shown = ({ sources }: ProjectDetail) => ({
    success: sources.map(({ sourceId, name }) => ({ id: sourceId, name })),
    inError: [],
  })
  return [
    changes(
      head("AddSourcesToProject", "POST", path),
      (call) => {
        const { dataSourceIds } = bodyAs(call, z.object({ dataSourceIds: z.array(z.number().int()) }))
        return withSources(call, (now) => [...new Set([...now, ...dataSourceIds])])
      },
      shown,
    ),
    changes(
      head("TakeSourcesFromProject", "DELETE", path),
      (call) => {
        const gone = (listOf(call.query, "ids") ?? []).map(Number)
        return withSources(call, (now) => now.filter((id) => !gone.includes(id)))
      },
      shown,
    ),
  ]
}

/** What members do, each for themselves. */
function personalRoutes(store: GovernanceStore): Route[] {
  return [
    changes(
      {
        operation: "AcknowledgePurposes",
        method: "POST",
        path: `${one}/members/{subscriptionId}/acknowledge`,
        permissions: [],
      },
      (call) =>
        acknowledgeProject(store, call.key, {
          projectId: idOf(call, "projectId"),
          subscriptionId: idOf(call, "subscriptionId"),
        }),
      ({ purposes, unacknowledged }) => ({
        acknowledgeRequired: unacknowledged.length > 0,
        purposes: purposes.map((each) => shownPurpose(each)),
      }),
    ),
    changes(
      {
        operation: "SetCurrentProject",
        method: "POST",
        path: "/project/current/{projectId}",
        permissions: [],
      },
      (call) => {
        const isNone = parameter(call, "projectId") === "null"
        return setCurrentProject(store, call.key, isNone ? undefined : idOf(call, "projectId"))
      },
      ({ projectId }) => ({ projectId: projectId ?? null }),
    ),
  ]
}

/** (Fact: its members.) */
function shownProject({ project, purposes, mine, unacknowledged }: ProjectDetail): object {
  return {
    id: project.id,
    projectKey: project.key,
    name: project.name,
    status: project.isOpen ? "open" : "closed",
    description: project.description ?? null,
    documentation: project.documentation ?? null,
    tags: project.tags.map((name) => ({ name, source: "curated" })),
    purposes: purposes.map((each) => shownPurpose(each)),
    stagedPurposes: [],
    deleted: false,
    allowMaskedJoins: project.allowsMaskedJoins,
    subscriptionPolicy: project.subscriptionPolicy ?? null,
    type: "User",
    createdAt: project.createdAt,
    updatedAt: project.updatedAt,
    acknowledgeRequired: mine !== undefined && unacknowledged.length > 0,
    ...(mine !== undefined && { subscriptionId: mine.id, subscribedAsUser: true }),
    subscriptionStatus: mine?.state ?? "not_subscribed",
  }
}
