import { ResourceFault } from "./faults.ts"
import type { ResourceHandler } from "./handler.ts"
import { type ResourceType, resourceTypes } from "./resource-type.ts"

export interface ServedType {
  type: ResourceType
  handler: ResourceHandler
}

/** The types that this program knows, and the handlers of those that it serves. */
export interface Resources {
  /** @throws ResourceFault typeNotFound, unsupportedAction (known, and nothing here would run it) */
  served(typeName: string): ServedType
  /** In the order of their names. */
  all(): ServedType[]
}

export interface ResourcesOptions {
  handlers: Readonly<Record<string, ResourceHandler>>
  /** Default: every type that is known. */
  types?: ReadonlyMap<string, ResourceType>
}

/** Throws where a handler has no type. */
export function resources({ handlers, types = resourceTypes }: ResourcesOptions): Resources {
  const served = new Map(
    Object.entries(handlers).map(([typeName, handler]) => {
      const type = types.get(typeName)
      if (type === undefined) throw new Error(`the handler of ${typeName} has no type`)
      return [typeName, { type, handler }]
    }),
  )
  return {
    served(typeName) {
      const found = served.get(typeName)
      if (found !== undefined) return found
      if (types.has(typeName))
        throw new ResourceFault(
          "unsupportedAction",
          `This version of Millrace has nothing that would carry out ${typeName}, so it takes none: a resource here does what it says.`,
        )
      throw new ResourceFault("typeNotFound", `The type '${typeName}' cannot be found.`)
    },
    all: () => [...served.values()].sort((a, b) => (a.type.typeName < b.type.typeName ? -1 : 1)),
  }
}
