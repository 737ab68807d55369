import type { TestContext } from "node:test"
import type pg from "pg"
import { withResourceDatabase } from "../../../src/query/resource-tables/resource-database.ts"
import { resourceTables } from "../../../src/query/resource-tables/resource-tables.ts"
import type { ResourceHandler } from "../../../src/resources/handler.ts"
import { resources } from "../../../src/resources/registry.ts"
import { startRequestRunner } from "../../../src/resources/requests/runner.ts"
import { resourceTypes } from "../../../src/resources/resource-type.ts"
import { openStore, type Store } from "../../../src/state/store.ts"
import { type KeptResources, keptResources } from "../../conformance/cloudcontrol/kept-resources.ts"
import { stateDatabase } from "../../support/postgres/state-database.ts"
import { type TestWarehouse, testWarehouse } from "../warehouse.ts"

export const region = "us-east-1"
/** Of an integration that is made without one. */
export const madeUri = "arn:aws:appflow:us-east-1:123456789012:flow/made"

export interface ResourcePlace {
  warehouse: TestWarehouse
  store: Store
  /** By type name. */
  handlers: Record<string, KeptResources>
  /** `operation TypeName identifier-or-input` of each call that reached a handler, in order. */
  calls: string[]
  /** Rows of a statement of the administrator's, on the database `awscc`. */
  rows(sql: string, values?: unknown[]): Promise<(string | null)[][]>
  /** The same by column. */
  records(sql: string, values?: unknown[]): Promise<Record<string, string | null>[]>
  client: pg.Client
}

/** A SQL port over resources of every type, which are kept in memory: what is tried is the SQL, and the requests behind it. */
export async function resourcePlace(t: TestContext): Promise<ResourcePlace> {
  const state = await stateDatabase()
  const store = await openStore(state.url)
  const calls: string[] = []
  const handlers = Object.fromEntries(
    [...resourceTypes.values()].map((type) => [type.typeName, keptResources(type)]),
  )
  const integrations = handlers["AWS::CustomerProfiles::Integration"]
  if (integrations !== undefined) {
    const { identify } = integrations
    // A flow that the service makes names itself.
    integrations.identify = (desired) => identify({ Uri: madeUri, ...desired })
    const { create } = integrations
    integrations.create = (call, identity, desired) => create(call, identity, { ...identity, ...desired })
  }
  const watched = Object.fromEntries(
    Object.entries(handlers).map(([typeName, handler]) => [typeName, watching(handler, typeName, calls)]),
  )
  const requests = store.resourceRequests
  const served = resources({ handlers: watched })
  const runner = startRequestRunner({
    requests,
    resources: served,
    log: { warn: () => undefined, error: () => undefined },
  })
  const plane = { account: "123456789012", region, resources: served, requests, nudge: runner.nudge }
  const warehouse = await testWarehouse(t, {
    resources: plane,
    virtualTables: resourceTables(plane),
    audit: store.audit,
    around: withResourceDatabase,
  })
  t.after(async () => {
    await runner.stop()
    await store.close()
    await state.drop()
  })
  const client = await warehouse.client("admin", "awscc")
  return {
    warehouse,
    store,
    handlers,
    calls,
    client,
    rows: async (text, values = []) => (await client.query({ text, values, rowMode: "array" })).rows,
    records: async (text, values = []) => (await client.query(text, values)).rows,
  }
}

function watching(handler: KeptResources, typeName: string, calls: string[]): ResourceHandler {
  const note = (operation: string, what: object) =>
    void calls.push(`${operation} ${typeName} ${JSON.stringify(what)}`)
  return {
    ...handler,
    progress: handler.progress,
    read: async (caller, identity) => {
      note("read", identity)
      return await handler.read(caller, identity)
    },
    list: async (caller, input, page) => {
      note("list", input)
      return await handler.list(caller, input, page)
    },
  }
}
