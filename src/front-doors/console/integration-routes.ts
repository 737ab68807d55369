import { z } from "zod"
import type { ControlPlane } from "../../control-plane/control-plane.ts"
import { checkDataFilter, checkSource, dryRun } from "../../control-plane/integrations/dry-run.ts"
import { findIntegration } from "../../control-plane/integrations/find-integration.ts"
import { createIntegration, deleteIntegration } from "../../control-plane/integrations/integrations.ts"
import type { SourceConfiguration } from "../../domain/configuration.ts"
import type { FilterForm } from "../../domain/data-filter/data-filter.ts"
import { type Integration, serviceOfSource } from "../../domain/integration.ts"
import { filterForm } from "../../engines/source-engine.ts"
import { bodyOf } from "./body.ts"
import { parameter, type Route } from "./route.ts"

const arn = z.string().min(1).max(2_000)

export const dryRunBody = z.strictObject({ source: arn, dataFilter: z.string().max(100_000).optional() })

const checkBody = z.strictObject({ source: arn })

export const createBody = dryRunBody.extend({
  /** ARN of the warehouse. */
  warehouse: arn,
  name: z.string().min(1).max(200),
  description: z.string().max(1_000).optional(),
})

export interface IntegrationSources {
  plane: ControlPlane
}

/** Integrations as the RDS and Redshift APIs make and delete them: by the same functions. */
export function integrationRoutes({ plane }: IntegrationSources): Route[] {
  return [...readingRoutes(plane), createRoute(plane), deleteRoute(plane)]
}

function readingRoutes(plane: ControlPlane): Route[] {
  return [
    {
      operation: "DescribeEnds",
      method: "GET",
      path: "/ends",
      least: "viewer",
      changes: false,
      run: async () => ({ body: await endsOf(plane) }),
    },
    {
      operation: "CheckSource",
      method: "POST",
      path: "/sources/check",
      least: "admin",
      changes: false,
      takesJson: true,
      body: checkBody,
      run: async ({ caller, body }) => ({
        body: await checkSource(plane, caller, bodyOf(checkBody, body).source),
      }),
    },
    {
      operation: "CheckDataFilter",
      method: "POST",
      path: "/integrations/check-filter",
      least: "viewer",
      changes: false,
      takesJson: true,
      body: dryRunBody,
      run: async ({ body }) => ({ body: checkDataFilter(plane, bodyOf(dryRunBody, body)) }),
    },
    {
      operation: "DryRunIntegration",
      method: "POST",
      path: "/integrations/dry-run",
      least: "admin",
      changes: false,
      takesJson: true,
      body: dryRunBody,
      run: async ({ caller, body }) => ({ body: await dryRun(plane, caller, bodyOf(dryRunBody, body)) }),
    },
  ]
}

/** From where to where integrations may go, and which of these ways have one: each takes one only. */
async function endsOf(plane: ControlPlane): Promise<object> {
  const joined = await plane.store.integrations.all()
  return {
    region: plane.region,
    sources: plane.sources.map((source) => sourceEnd(plane, source)),
    warehouses: plane.warehouses.map(({ arn: warehouse, cluster, engine }) => {
      return { arn: warehouse, cluster, engine }
    }),
    joined: joined.map(({ id, name, sourceArn, targetArn }) => {
      return { id, name, source: sourceArn, warehouse: targetArn }
    }),
  }
}

/** A source, and what an integration of it chooses tables by. */
function sourceEnd({ sourceEngines }: ControlPlane, source: SourceConfiguration): object {
  const { arn: named, engine } = source
  const record = sourceEngines.of(source)
  if (record.delivery === "files") return { arn: named, engine, selection: "files", form: null, filter: null }
  const form = filterForm(record)
  if (form === undefined) return { arn: named, engine, selection: "whole", form: null, filter: null }
  const filter = everything(form, record.checkedDatabase(source))
  return { arn: named, engine, selection: "filter", form, filter }
}

/** A filter to begin with: every table of the database that the source's address names. */
function everything(form: FilterForm, database: string): string {
  if (form === "database.table") return "include: *.*"
  const isPlain = /^[a-zA-Z0-9_$-]+$/.test(database)
  return `include: ${isPlain ? database : `"${database.replaceAll('"', '""')}"`}.*.*`
}

function createRoute(plane: ControlPlane): Route {
  return {
    operation: "CreateIntegration",
    method: "POST",
    path: "/integrations",
    least: "admin",
    changes: true,
    body: createBody,
    audited: ({ body }) => ({ resource: undefined, parameters: asObject(body) }),
    run: async ({ caller, body }, tell) => {
      const { source, warehouse, name, dataFilter, description } = bodyOf(createBody, body)
      const made = await createIntegration(plane, caller, {
        service: serviceOfSource(source),
        sourceArn: source,
        targetArn: warehouse,
        integrationName: name,
        dataFilter,
        description,
      })
      tell({ before: undefined, after: { arn: made.arn, name: made.name } })
      return { body: shown(made) }
    },
  }
}

function deleteRoute(plane: ControlPlane): Route {
  return {
    operation: "DeleteIntegration",
    method: "DELETE",
    path: "/integrations/{integration}",
    least: "admin",
    changes: true,
    audited: (call) => ({ resource: parameter(call, "integration"), parameters: {} }),
    run: async (call, tell) => {
      const {
        service,
        id,
        arn: named,
        name,
      } = await findIntegration(plane.store.integrations, parameter(call, "integration"))
      tell({ before: { arn: named, name }, after: undefined })
      return {
        body: shown(await deleteIntegration(plane, call.caller, { service, integrationIdentifier: id })),
      }
    },
  }
}

function shown({ id, arn: named, name, status, sourceArn, targetArn, dataFilter }: Integration): object {
  return {
    id,
    arn: named,
    name,
    status,
    source: sourceArn,
    warehouse: targetArn,
    ...(dataFilter !== undefined && { dataFilter }),
  }
}

function asObject(body: unknown): object {
  return typeof body === "object" && body !== null ? body : {}
}
