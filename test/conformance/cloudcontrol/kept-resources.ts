import { ResourceFault } from "../../../src/resources/faults.ts"
import type { ResourceHandler } from "../../../src/resources/handler.ts"
import { identifierText } from "../../../src/resources/identifier.ts"
import { type Model, neededToList, type ResourceType } from "../../../src/resources/resource-type.ts"

export interface KeptResources extends ResourceHandler {
  /** With the values that are never shown, by identifier. */
  kept: Map<string, { model: Model; requestToken: string }>
  /** While true, nothing settles. */
  isHeld: boolean
}

/** The shortest handler there can be: resources of a type, kept in memory. Nothing carries them out, so that only tests have it. */
export function keptResources(type: ResourceType): KeptResources {
  const kept: KeptResources["kept"] = new Map()
  const keyOf = (identity: Model) => identifierText(type, identity)
  const absent = () => new ResourceFault("notFound", "There is no such resource.")
  const handler: KeptResources = {
    kept,
    isHeld: false,
    identify: (desired) => {
      const missing = type.primaryIdentifier.filter((name) => typeof desired[name] !== "string")
      if (missing.length > 0) throw new ResourceFault("invalidRequest", `${missing.join(", ")} is missing.`)
      return desired
    },
    create: async ({ requestToken }, identity, desired) => {
      const before = kept.get(keyOf(identity))
      if (before !== undefined && before.requestToken !== requestToken)
        throw new ResourceFault("alreadyExists", "It exists.")
      kept.set(keyOf(identity), { requestToken, model: { ...desired, CreatedAt: "2026-01-01T00:00:00Z" } })
    },
    read: async (_caller, identity) => kept.get(keyOf(identity))?.model,
    update: async ({ requestToken }, identity, desired) => {
      const before = kept.get(keyOf(identity))
      if (before === undefined) throw absent()
      kept.set(keyOf(identity), { requestToken, model: { ...desired, CreatedAt: "2026-01-01T00:00:00Z" } })
    },
    delete: async ({ isRepeated }, identity) => {
      if (!kept.delete(keyOf(identity)) && !isRepeated) throw absent()
    },
    list: async (_caller, input) => {
      const [parent] = neededToList(type)
      const all = [...kept.values()].map(({ model }) => model)
      const models = parent === undefined ? all : all.filter((one) => one[parent] === input[parent])
      return { models, next: undefined }
    },
    progress: async () => ({ kind: handler.isHeld ? "underway" : "done" }),
  }
  return handler
}
