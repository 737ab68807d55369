/** What packaging/ has for containers, as far as it can be judged without them: docs/operating/containers.md says what was not run. */
import assert from "node:assert/strict"
import { readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { parse, parseAllDocuments, stringify } from "yaml"
import { loadConfiguration } from "../../src/configuration/load.ts"
import type { Configuration } from "../../src/domain/configuration.ts"
import { engines } from "../../src/server/registries.ts"
import { rolesFrom, rolesMistake } from "../../src/server/roles.ts"
import { removeFolder, temporaryFolder } from "../support/temporary-folder.ts"

const packaging = join(import.meta.dirname, "..", "..", "packaging")
const read = (...path: string[]) => readFile(join(packaging, ...path), "utf8")
const environment = { STATE_PASSWORD: "s", MILLRACE_SECRET: "m", SQL_PASSWORD: "p" }

interface Volumes {
  volumes?: string[]
}
interface Compose {
  services: Record<string, Volumes & { read_only?: boolean; build?: unknown; command?: string[] }>
  volumes: Record<string, unknown>
}

async function accepted(context: TestContext, text: string): Promise<Configuration> {
  const folder = await temporaryFolder("packaged")
  context.after(() => removeFolder(folder))
  const path = join(folder, "millrace.yaml")
  await writeFile(path, text)
  const loaded = loadConfiguration(path, environment, engines)
  if ("mistakes" in loaded) throw new Error(loaded.mistakes.join("\n"))
  assert.equal(loaded.ok.dataDir, "/var/lib/millrace/data")
  assert.equal(loaded.ok.listen.http.host, "0.0.0.0")
  return loaded.ok
}

test("the Dockerfile: known instructions, stages that are there, no root, commands that no shell reads", async () => {
  const text = (await read("docker", "Dockerfile")).replaceAll("\\\n", " ")
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))
  const known = /^(FROM|WORKDIR|COPY|RUN|ENV|USER|VOLUME|EXPOSE|STOPSIGNAL|HEALTHCHECK|ENTRYPOINT|CMD) \S/
  assert.deepEqual(
    lines.filter((line) => !known.test(line)),
    [],
  )
  const stages = lines.flatMap((line) => /^FROM \S+ AS (\S+)$/.exec(line)?.[1] ?? [])
  const used = lines.flatMap((line) => /^COPY --from=(\S+)/.exec(line)?.[1] ?? [])
  assert.deepEqual(used, stages)
  assert.equal(
    lines.findLast((line) => line.startsWith("USER")),
    "USER node",
  )
  const commands = lines.flatMap(
    (line) => /^(?:HEALTHCHECK .*CMD|ENTRYPOINT|CMD) (\[.*\])$/.exec(line)?.[1] ?? [],
  )
  assert.equal(commands.length, 3)
  for (const command of commands)
    assert.ok(JSON.parse(command).every((word: unknown) => typeof word === "string"))
})

for (const name of ["compose", "compose-split"]) {
  test(`${name}.yaml: volumes that are there, a read-only root, roles that its configuration can have`, async (context) => {
    const { services, volumes }: Compose = parse(await read("docker", `${name}.yaml`), { merge: true })
    const file = name === "compose" ? "millrace.yaml" : "millrace-split.yaml"
    const configuration = await accepted(context, await read("docker", file))
    for (const [service, one] of Object.entries(services)) {
      const named = (one.volumes ?? []).map((volume) => volume.split(":")[0] ?? "")
      for (const volume of named)
        assert.ok(volume === `./${file}` || volume in volumes, `${service}: ${volume}`)
      if (one.build === undefined) continue
      assert.equal(one.read_only, true)
      const roles = rolesFrom(one.command?.at(-1) ?? "api,sql,worker")
      assert.ok(roles)
      const mistake = rolesMistake(roles, configuration, { registry: engines.warehouses, hasParent: false })
      assert.equal(mistake, undefined)
    }
  })
}

interface Pod {
  containers: {
    ports: { name: string }[]
    volumeMounts: { name: string }[]
    securityContext: Record<string, unknown>
    [probe: string]: unknown
  }[]
  volumes: { name: string }[]
}

test("the Kubernetes manifests: a configuration that is accepted, volumes and ports that are there, no root", async (context) => {
  const documents = parseAllDocuments(await read("kubernetes", "millrace.yaml")).map((one) => one.toJS())
  assert.deepEqual(
    documents.map(({ kind }) => kind),
    ["ConfigMap", "Service", "StatefulSet"],
  )
  const [map, service, { spec }] = documents
  await accepted(context, map.data["millrace.yaml"])
  const pod: Pod = spec.template.spec
  const [container] = pod.containers
  assert.ok(container)
  const volumes = [
    ...pod.volumes,
    ...spec.volumeClaimTemplates.map((one: { metadata: object }) => one.metadata),
  ]
  for (const { name } of container.volumeMounts)
    assert.ok(
      volumes.some((one) => one.name === name),
      name,
    )
  const ports = container.ports.map(({ name }) => name)
  assert.deepEqual(
    ports,
    service.spec.ports.map(({ name }: { name: string }) => name),
  )
  assert.equal(container.securityContext.readOnlyRootFilesystem, true)
  assert.deepEqual(spec.selector.matchLabels, spec.template.metadata.labels)
  assert.deepEqual(service.spec.selector, spec.template.metadata.labels)
})

test("the chart: its values are a configuration, and its templates ask for no other values", async (context) => {
  const folder = ["helm", "millrace"]
  const values = parse(await read(...folder, "values.yaml"))
  await accepted(context, stringify(values.configuration))
  assert.equal(parse(await read(...folder, "Chart.yaml")).apiVersion, "v2")
  for (const name of await readdir(join(packaging, ...folder, "templates"))) {
    const text = await read(...folder, "templates", name)
    for (const [, value = ""] of text.matchAll(/\.Values\.(\w+)/g)) assert.ok(value in values, value)
    const count = (pattern: RegExp) => [...text.matchAll(pattern)].length
    assert.equal(count(/\{\{-? if /g), count(/\{\{-? end /g))
    assert.equal(count(/\{\{/g), count(/\}\}/g))
    // What is left when each action is a word is YAML.
    const plain = text.replaceAll(/^ *\{\{-? (?:if|end).*$/gm, "").replaceAll(/\{\{[^}]*\}\}/g, "word")
    assert.equal(typeof parse(plain).kind, "string")
  }
})
