import { z } from "zod"
import type { ControlPlane } from "../../control-plane/control-plane.ts"
import { dryRun } from "../../control-plane/integrations/dry-run.ts"
import { findIntegration } from "../../control-plane/integrations/find-integration.ts"
import { createIntegration, deleteIntegration } from "../../control-plane/integrations/integrations.ts"
import { type Integration, serviceOfSource } from "../../domain/integration.ts"
import { bodyOf } from "./body.ts"
import { parameter, type Route } from "./route.ts"

const arn = z.string().min(1).max(2_000)

export const dryRunBody = z.strictObject({ source: arn, dataFilter: z.string().max(100_000).optional() })

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
      run: async () => ({
        body: {
          sources: plane.sources.map(({ arn: source, engine }) => ({ arn: source, engine })),
          warehouses: plane.warehouses.map(({ arn: warehouse, cluster, engine }) => ({
            arn: warehouse,
            cluster,
            engine,
          })),
        },
      }),
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
