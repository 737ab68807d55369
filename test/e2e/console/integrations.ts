import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { parse } from "yaml"
import { operations } from "../../../src/front-doors/operations/operations.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { type Place, sourceArn, targetArn } from "../place.ts"
import { code, signedIn } from "./client.ts"

interface Described {
  paths: Record<string, Record<string, { operationId: string; description?: string }>>
}

/** By the document that describes the API, so that no route is left out. */
export async function describesRoles(place: Place): Promise<void> {
  const { client: viewer } = await signedIn(place, "reader", "-r")
  const { paths } = (await viewer.ask("/console/api/openapi.json")).body as Described
  let refused = 0
  for (const [path, methods] of Object.entries(paths))
    for (const [method, { operationId, description = "" }] of Object.entries(methods)) {
      if (!/role (operator|admin)/.test(description)) continue
      const asked = { method: method.toUpperCase(), ...(method !== "get" && { body: {} }) }
      const told = await viewer.ask(path.replaceAll(/\{\w+\}/g, "none"), asked)
      assert.deepEqual([told.status, code(told)], [403, "accessDenied"], operationId)
      refused++
    }
  assert.ok(refused >= 3 + operations.filter(({ changes }) => changes).length)
}

/** The source's database, as the configuration names it. */
async function sourceDatabase({ configPath }: Place): Promise<string> {
  const { sources } = parse(await readFile(configPath, "utf8")) as { sources: { url: string }[] }
  return new URL(sources[0]?.url ?? "").pathname.slice(1)
}

export async function makesIntegrations(place: Place): Promise<void> {
  const { client } = await signedIn(place, "admin", "")
  const ask = (path: string, body: object) =>
    client.ask(`/console/api/integrations${path}`, { method: "POST", body })
  const database = await sourceDatabase(place)
  const source = { source: sourceArn, dataFilter: `include: ${database}.public.*` }
  const { databases } = (await ask("/dry-run", source)).body as {
    databases: { database: string; tables: { name: string }[]; matched: number }[]
  }
  assert.equal(databases[0]?.database, database)
  assert.ok(
    databases[0]?.tables.some(({ name }) => name === "accounts"),
    JSON.stringify(databases),
  )
  assert.equal(code(await ask("/dry-run", { ...source, dataFilter: "nonsense" })), "invalidValue")
  assert.equal(code(await ask("/dry-run", { source: "arn:x" })), "sourceNotFound")
  const wanted = { ...source, warehouse: targetArn, name: "by-console" }
  const made = (await ask("", wanted)).body as { id: string; status: string }
  assert.equal(made.status, "creating")
  assert.equal(code(await ask("", wanted)), "integrationExists")
  const named = async () =>
    (
      (await client.ask("/console/api/status")).body as { integrations: { id: string; status: string }[] }
    ).integrations.find(({ id }) => id === made.id)
  await waitUntil(async () => ((await named())?.status === "active" ? true : undefined), {
    what: "the integration to be active",
  })
  const ended = await client.ask(`/console/api/integrations/${made.id}`, { method: "DELETE" })
  assert.equal((ended.body as { status: string }).status, "deleting")
  await waitUntil(async () => ((await named()) === undefined ? true : undefined), {
    what: "the integration to be gone",
  })
  const trail = (await place.run("audit")).output
  assert.match(trail, /console:CreateIntegration .*ok/)
  assert.match(trail, /console:DeleteIntegration .*ok/)
}
