/** What the doors know of their operations is what the services' own models say, where they say it. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { Fault } from "../../src/domain/faults.ts"
import { rdsFaultCode, rdsFaults } from "../../src/front-doors/rds/faults.ts"
import { rdsService } from "../../src/front-doors/rds/operations.ts"
import { redshiftFaults } from "../../src/front-doors/redshift/faults.ts"
import { redshiftService } from "../../src/front-doors/redshift/operations.ts"
import { commonFaults } from "../../src/wire/aws-query/fault.ts"
import type { QueryService } from "../../src/wire/aws-query/operation.ts"
import type { Shape, StructureShape } from "../../src/wire/shapes/shape.ts"
import { type ModelService, type ModelShape, model } from "./aws-model.ts"

/** Where ours differs from the model, and why. */
const exceptions: Record<string, string> = {
  "rds.CreateIntegration.IntegrationName pattern": "the same language without exponential time",
  "rds.ModifyIntegration.IntegrationName pattern": "the same language without exponential time",
}
const used = new Set<string>()

function differ(place: string, ours: unknown, models: unknown): void {
  if (place in exceptions) {
    used.add(place)
    assert.notDeepEqual(ours, models, `${place} is no exception any more`)
  } else {
    assert.deepEqual(ours, models, place)
  }
}

const kinds: Record<string, string> = { string: "string", integer: "integer", boolean: "boolean" }

function compareInput(place: string, ours: Shape | undefined, models: ModelShape): void {
  assert.ok(ours !== undefined, `${place} is not known`)
  assert.equal(ours.kind, kinds[models.type] ?? models.type, place)
  if (models.min !== undefined) differ(`${place} min`, "min" in ours ? ours.min : undefined, models.min)
  if (models.max !== undefined) differ(`${place} max`, "max" in ours ? ours.max : undefined, models.max)
  if (ours.kind === "string") {
    if (models.enum !== undefined) differ(`${place} enum`, ours.values, models.enum)
    const pattern = models.pattern?.replace(/^\^/, "").replace(/\$$/, "")
    if (pattern !== undefined) differ(`${place} pattern`, ours.pattern, pattern)
  }
  if (ours.kind === "list" && models.item !== undefined) {
    assert.equal(ours.itemName, models.itemName, place)
    compareInput(`${place}.${ours.itemName}`, ours.item, models.item)
  }
  if (ours.kind === "structure" && models.members !== undefined) {
    compareMembers(place, ours, models.members, models.required ?? [], "atLeast")
  }
}

/** Inside, ours may ask for more than the model, which leaves out what the service's pages say. */
function compareMembers(
  place: string,
  ours: StructureShape,
  models: Record<string, ModelShape>,
  required: string[],
  strictness: "exactly" | "atLeast",
): void {
  assert.deepEqual(Object.keys(ours.members).toSorted(), Object.keys(models).toSorted(), place)
  const needed = ours.required ?? []
  if (strictness === "exactly") assert.deepEqual(needed.toSorted(), required.toSorted(), place)
  else for (const name of required) assert.ok(needed.includes(name), `${place}.${name} is required`)
  for (const [name, shape] of Object.entries(models)) {
    compareInput(`${place}.${name}`, ours.members[name], shape)
  }
}

function compareOutput(place: string, ours: Shape, models: ModelShape | undefined, whole: boolean): void {
  assert.ok(models !== undefined, `${place} is not in the model`)
  assert.equal(ours.kind, kinds[models.type] ?? models.type, place)
  if (ours.kind === "list" && models.item !== undefined) {
    assert.equal(ours.itemName, models.itemName, place)
    compareOutput(`${place}.${ours.itemName}`, ours.item, models.item, whole)
  }
  if (ours.kind === "structure") compareOutputs(place, ours.members, models.members ?? {}, whole)
}

function compareOutputs(
  place: string,
  ours: StructureShape["members"],
  models: Record<string, ModelShape>,
  whole: boolean,
): void {
  if (whole) assert.deepEqual(Object.keys(ours).toSorted(), Object.keys(models).toSorted(), place)
  for (const [name, shape] of Object.entries(ours)) {
    compareOutput(`${place}.${name}`, shape, models[name], whole)
  }
}

const services: [string, QueryService, ModelService][] = [
  ["rds", rdsService, model.services.rds],
  ["redshift", redshiftService, model.services.redshift],
]

for (const [name, service, models] of services) {
  describe(`the ${name} API and its model`, () => {
    test("version, namespace and operations", () => {
      assert.equal(service.version, models.version)
      assert.equal(service.namespace, models.namespace)
      assert.deepEqual(Object.keys(service.operations).toSorted(), Object.keys(models.operations).toSorted())
    })
    for (const [operation, { input, output }] of Object.entries(service.operations)) {
      const stated = models.operations[operation]
      test(`${operation}: what it takes`, () => {
        assert.ok(stated !== undefined)
        compareMembers(`${name}.${operation}`, input, stated.input, stated.required, "exactly")
      })
      test(`${operation}: what it answers`, () => {
        const whole = stated?.outputIsPart !== true
        assert.equal(output === undefined, stated?.output === undefined)
        if (output !== undefined && stated?.output !== undefined) {
          compareOutputs(`${name}.${operation}`, output.members, stated.output, whole)
        }
      })
    }
  })
}

test("every exception is one", () => {
  assert.deepEqual([...used].toSorted(), Object.keys(exceptions).toSorted())
})

test("the codes and statuses of refusals are those of the models", () => {
  const common = new Set<string>(Object.values(commonFaults).map(({ code }) => code))
  const tables = [
    ["rds", rdsFaults],
    ["redshift", redshiftFaults],
  ] as const
  for (const [name, table] of tables) {
    const stated = Object.assign(
      {},
      ...Object.values(model.services[name].operations).map(({ errors }) => errors),
    )
    for (const { code, status } of Object.values(table)) {
      if (!common.has(code)) assert.equal(stated[code], status, `${name} ${code}`)
    }
  }
  for (const kind of [
    "snapshot",
    "db-proxy",
    "deployment",
    "tenant-database",
    "shard-group",
    "target-group",
  ]) {
    const form = new Map([["ResourceName", `arn:aws:rds:us-east-1:123456789012:${kind}:x`]])
    const { code, status } = rdsFaultCode(new Fault("resourceNotFound", "gone"), form)
    assert.equal(model.services.rds.operations.ListTagsForResource?.errors[code], status, kind)
  }
})
