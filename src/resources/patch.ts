import jsonPatch from "fast-json-patch"
import { ResourceFault } from "./faults.ts"
import { parseJson } from "./json-text.ts"
import { type Json, type Model, type ResourceType, valueAt } from "./resource-type.ts"

type Operation = jsonPatch.Operation

/** The library has more, for itself. */
const names: readonly unknown[] = ["add", "remove", "replace", "move", "copy", "test"]
const operationsAtMost = 1_000
/** Characters that `copy` may add in all: a model copied into itself doubles each time. */
const copiedAtMost = 262_144

/**
 * The model after a patch document (RFC 6902), operation by operation. A path may lack its leading `/`. Values that are never shown can be
 * set and removed, and not be read by `copy`, `move` or `test`.
 *
 * @throws ResourceFault invalidRequest, notUpdatable
 */
export function patched(type: ResourceType, model: Model, document: string): Model {
  const operations = operationsOf(document)
  let allowance = copiedAtMost
  let after: Model = structuredClone(model)
  for (const [at, operation] of operations.entries()) {
    refuseHidden(type, operation)
    const one = setting(type, after, operation)
    if (one.op === "copy") {
      allowance -= sizeAt(after, one.from)
      if (allowance < 0) throw new ResourceFault("invalidRequest", "PatchDocument copies too much.")
    }
    after = applied(after, one, at)
  }
  refuseFixed(type, model, after)
  return after
}

/**
 * The model with other values of some properties; `null` takes one away.
 *
 * @throws ResourceFault invalidRequest, notUpdatable
 */
export function assigned(type: ResourceType, model: Model, values: Model): Model {
  const after = structuredClone({ ...model, ...values })
  for (const [name, value] of Object.entries(values)) if (value === null) delete after[name]
  refuseFixed(type, model, after)
  return after
}

/**
 * The model that has these values, what is set once and what the service sets, and nothing else.
 *
 * @throws ResourceFault invalidRequest, notUpdatable
 */
export function replaced(type: ResourceType, model: Model, values: Model): Model {
  const isKept = (name: string) =>
    [...type.readOnly, ...type.createOnly].some((path) => path === name || path.startsWith(`${name}/`))
  const kept = Object.entries(model).filter(([name]) => isKept(name))
  return assigned(type, { ...model }, { ...gone(model), ...Object.fromEntries(kept), ...values })
}

function gone(model: Model): Model {
  return Object.fromEntries(Object.keys(model).map((name) => [name, null]))
}

function operationsOf(document: string): Operation[] {
  const parsed = parseJson(document, "PatchDocument")
  if (!Array.isArray(parsed)) throw new ResourceFault("invalidRequest", "PatchDocument is not a JSON array.")
  if (parsed.length > operationsAtMost)
    throw new ResourceFault("invalidRequest", `PatchDocument has more than ${operationsAtMost} operations.`)
  return parsed.map((one, at) => {
    if (typeof one !== "object" || one === null || Array.isArray(one))
      throw new ResourceFault("invalidRequest", `Operation ${at} of PatchDocument is not an object.`)
    if (!names.includes(one.op) || typeof one.path !== "string")
      throw new ResourceFault(
        "invalidRequest",
        `Operation ${at} of PatchDocument needs an op (${names.join(", ")}) and a path.`,
      )
    return { ...one, path: rooted(one.path), ...("from" in one && { from: rooted(one.from) }) } as Operation
  })
}

/** One of the cloud's own examples writes `Prop` for `/Prop`. What is no text stays, and is refused later. */
function rooted(path: Json | undefined): Json | undefined {
  return typeof path === "string" && path !== "" && !path.startsWith("/") ? `/${path}` : path
}

/** Clients that never saw a hidden value set it by `add`; `replace` of one that is not there means the same. */
function setting({ writeOnly }: ResourceType, model: Model, operation: Operation): Operation {
  const path = operation.path.slice(1)
  if (operation.op !== "replace" || !writeOnly.includes(path) || valueAt(model, path) !== undefined)
    return operation
  return { ...operation, op: "add" }
}

function refuseHidden({ writeOnly }: ResourceType, operation: Operation): void {
  const read =
    operation.op === "copy" || operation.op === "move"
      ? operation.from
      : operation.op === "test"
        ? operation.path
        : undefined
  if (typeof read !== "string") return
  const hidden = writeOnly.find((path) => isWithin(read, `/${path}`) || isWithin(`/${path}`, read))
  if (hidden === undefined) return
  throw new ResourceFault("invalidRequest", `${operation.op} cannot read ${hidden}, which is never shown.`)
}

function isWithin(path: string, parent: string): boolean {
  return parent === "" || path === parent || path.startsWith(`${parent}/`)
}

function sizeAt(model: Model, path: string): number {
  try {
    const value: unknown = jsonPatch.getValueByPointer(model, path)
    return value === undefined ? 0 : JSON.stringify(value).length
  } catch (error) {
    // There is nothing: the operation itself says so.
    if (error instanceof TypeError) return 0
    throw error
  }
}

function applied(model: Model, operation: Operation, at: number): Model {
  try {
    const { newDocument } = jsonPatch.applyPatch<Json>(model, [operation], true, true, true)
    if (typeof newDocument === "object" && newDocument !== null && !Array.isArray(newDocument))
      return newDocument
  } catch (error) {
    throw new ResourceFault("invalidRequest", `Operation ${at} of PatchDocument: ${reasonOf(error)}`)
  }
  throw new ResourceFault("invalidRequest", `Operation ${at} of PatchDocument leaves no object.`)
}

/** The library's messages go on with the whole document on the lines below. */
function reasonOf(error: unknown): string {
  if (error instanceof jsonPatch.JsonPatchError) return error.message.split("\n", 1)[0] ?? error.name
  // Its guard against prototypes.
  if (error instanceof TypeError) return "the path is not allowed"
  throw error
}

/** @throws ResourceFault invalidRequest (read-only), notUpdatable (create-only) */
function refuseFixed(type: ResourceType, before: Model, after: Model): void {
  const changed = (path: string) => !isEqual(valueAt(before, path), valueAt(after, path))
  // Who sets an object as a whole leaves out what the service has put into it.
  const isLeftOut = (path: string) => path.includes("/") && valueAt(after, path) === undefined
  const readOnly = type.readOnly.filter((path) => changed(path) && !isLeftOut(path))
  if (readOnly.length > 0)
    throw new ResourceFault(
      "invalidRequest",
      `Invalid patch update: readOnlyProperties ${listed(readOnly)} cannot be updated`,
    )
  const createOnly = type.createOnly.filter(changed)
  if (createOnly.length > 0)
    throw new ResourceFault(
      "notUpdatable",
      `Invalid patch update: createOnlyProperties ${listed(createOnly)} cannot be updated`,
    )
}

function listed(paths: readonly string[]): string {
  return `[${paths.map((path) => `/properties/${path}`).join(", ")}]`
}

/** Whatever the order of an object's members. */
export function isEqual(a: Json | undefined, b: Json | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return jsonPatch.compare({ value: a }, { value: b }).length === 0
}
