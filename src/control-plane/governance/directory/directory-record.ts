import { Fault } from "../../../domain/faults.ts"

/** A SCIM resource, flat: `name.givenName`, `emails`, `urn:…:User:department` in lower case → a text, or true or false. */
export type DirectoryRecord = Map<string, string | boolean>

export interface PatchOperation {
  /** Entra begins it with a capital. */
  op: string
  path?: string | undefined
  value?: unknown
}

/** Of a resource as POST and PUT have it; `members` are not here, and what is neither text, number nor boolean is left out. */
export function recordOf(resource: Readonly<Record<string, unknown>>): DirectoryRecord {
  const record: DirectoryRecord = new Map()
  for (const [name, value] of Object.entries(resource)) put(record, name, value)
  return record
}

/** Operations in order, as identity providers send them: with a path, or with an object of paths as the value. @throws Fault validation */
export function patched(before: DirectoryRecord, operations: readonly PatchOperation[]): DirectoryRecord {
  const record = new Map(before)
  for (const { op, path, value } of operations) {
    switch (op.toLowerCase()) {
      case "add":
      case "replace":
        if (path !== undefined) put(record, path, value)
        else for (const [name, each] of membersOf(value)) put(record, name, each)
        break
      case "remove":
        if (path === undefined) throw new Fault("validation", "An operation remove needs a path.")
        remove(record, keyOf(path))
        break
      default:
        throw new Fault("validation", `There is no operation ${op}: there are add, replace and remove.`)
    }
  }
  return record
}

/** @throws Fault validation */
export function membersOf(value: unknown): [string, unknown][] {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return Object.entries(value)
  throw new Fault("validation", "An operation without a path has an object as its value.")
}

function put(record: DirectoryRecord, path: string, value: unknown): void {
  const key = keyOf(path)
  // Nobody logs in here.
  if (key === "password") return
  if (value === null || value === undefined || value === "") return remove(record, key)
  if (typeof value === "string" || typeof value === "boolean") record.set(key, value)
  else if (typeof value === "number") record.set(key, String(value))
  else if (Array.isArray(value)) putList(record, key, value)
  else for (const [name, each] of Object.entries(value)) put(record, `${path}${separator(path)}${name}`, each)
}

/** Of several addresses the primary one counts, or the first. */
function putList(record: DirectoryRecord, key: string, values: readonly unknown[]): void {
  const objects = values.filter((one): one is object => typeof one === "object" && one !== null)
  const chosen = objects.find((one) => "primary" in one && one.primary === true) ?? objects[0]
  if (chosen !== undefined && "value" in chosen && typeof chosen.value === "string")
    record.set(key, chosen.value)
}

function remove(record: DirectoryRecord, key: string): void {
  for (const name of [...record.keys()]) {
    if (name === key || name.startsWith(`${key}.`) || name.startsWith(`${key}:`)) record.delete(name)
  }
}

/** `emails[type eq "work"].value` is `emails`: one address is kept. Names are compared without regard to case. (Fact) */
function keyOf(path: string): string {
  return path
    .replace(/^urn:ietf:params:scim:schemas:core:2\.0:user:/i, "")
    .replace(/\[[^\]]*\]/g, "")
    .replace(/^(emails|phoneNumbers|addresses)\.value$/i, "$1")
    .toLowerCase()
}

function separator(path: string): string {
  return path.toLowerCase().startsWith("urn:") && path.toLowerCase().endsWith(":user") ? ":" : "."
}

/** Whether the user is active; usually so. Entra sends `"False"`. @throws Fault validation */
export function isActiveUser(record: DirectoryRecord): boolean {
  const value = record.get("active") ?? true
  if (typeof value === "boolean") return value
  if (/^(true|false)$/i.test(value)) return value.toLowerCase() === "true"
  throw new Fault("validation", "active is true or false.")
}

export function textIn(record: DirectoryRecord, key: string): string | undefined {
  const value = record.get(key.toLowerCase())
  return typeof value === "string" ? value : undefined
}
