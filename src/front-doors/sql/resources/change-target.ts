import { columnKey } from "../../../resources/columns.ts"
import { type ResourceType, resourceTypes } from "../../../resources/resource-type.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"

/** What a change is about: resources of one type, resources of the type that each row names, or requests. */
export type ChangeTarget = { kind: "type"; type: ResourceType } | { kind: "anyType" } | { kind: "requests" }

/** @param table without the provider: `rds.integrations`. Throws 42P01. */
export function changeTarget(table: string): ChangeTarget {
  if (table === "cloud_control.resources" || table === "cloud_control.resource") return { kind: "anyType" }
  if (table === "cloud_control.resource_requests") return { kind: "requests" }
  const type = [...resourceTypes.values()].find((one) => one.table === table)
  if (type === undefined) throw new PgError("42P01", `relation "awscc.${table}" does not exist`)
  return { kind: "type", type }
}

/** Members of the call, and no property. */
export const ofCall: ReadonlySet<string> = new Set(["region", "clienttoken", "rolearn", "typeversionid"])

/** Whether a row with values of these columns, as `columnKey` has them, says which resource, and nothing else. */
export function isNaming(target: ChangeTarget, keys: ReadonlySet<string>): boolean {
  const rest = new Set([...keys].filter((key) => !ofCall.has(key)))
  const isJust = (names: readonly string[]) =>
    rest.size === names.length && names.every((name) => rest.has(name))
  switch (target.kind) {
    case "anyType":
      return isJust(["typename", "identifier"])
    case "requests":
      return isJust(["requesttoken"])
    case "type":
      return isJust(["identifier"]) || isJust(target.type.primaryIdentifier.map(columnKey))
  }
}
