import { Fault } from "../../domain/faults.ts"
import type { Integration } from "../../domain/integration.ts"
import { isGone, qualifiedName } from "../../domain/table.ts"
import { findIntegration } from "../integrations/find-integration.ts"
import type { OrderSources } from "./ask-owner.ts"
import {
  type KnownPipeline,
  type ObservedPipeline,
  observedPipelines,
  unobserved,
} from "./observed-pipelines.ts"

export interface AskedIntegration {
  integration: Integration
  pipelines: KnownPipeline[]
}

/** The integration's pipelines, all of which must stream. @throws Fault integrationNotFound, integrationInWrongState */
export async function askIntegration({ store }: OrderSources, identifier: string): Promise<AskedIntegration> {
  const integration = await findIntegration(store.integrations, identifier)
  const mine = (await observedPipelines(store)).filter((one) => one.integrationId === integration.id)
  const pipelines = mine.map((one) => {
    if (one.kind === "known" && one.facts.isStreaming) return one
    throw notStreaming(integration, one)
  })
  if (pipelines.length === 0)
    throw new Fault(
      "integrationInWrongState",
      `The integration ${integration.name} is ${integration.status}; nothing of it runs.`,
    )
  return { integration, pipelines }
}

function notStreaming(integration: Integration, one: ObservedPipeline): Fault {
  const { phase, why } = hindrance(one)
  return new Fault(
    "integrationInWrongState",
    `The integration ${integration.name} is not streaming now (it is ${phase}).${why} Try again when it streams.`,
  )
}

function hindrance(one: ObservedPipeline): { phase: string; why: string } {
  switch (one.kind) {
    case "launched":
      return { phase: "starting", why: "" }
    case "unknown":
      return { phase: "unknown", why: ` ${unobserved(one.silentMs).message}` }
    case "known": {
      const { phase, problem } = one.facts
      return { phase, why: problem === null ? "" : ` ${problem.message}` }
    }
  }
}

/** How many tables an order is about: the one named `schema.table`, or all. @throws Fault invalidValue (no such table) */
export function requireTables({ integration, pipelines }: AskedIntegration, table: string | undefined): void {
  const isMeant = pipelines.some(({ tables }) =>
    tables.some((one) => !isGone(one.state) && (table === undefined || qualifiedName(one) === table)),
  )
  if (table !== undefined && !isMeant) throw noSuchTable(integration, table)
}

export function noSuchTable({ name }: Integration, table: string): Fault {
  return new Fault(
    "invalidValue",
    `The integration ${name} has no table ${table.slice(0, 200)}. Name it as schema.table; \`millrace status\` lists them.`,
  )
}
