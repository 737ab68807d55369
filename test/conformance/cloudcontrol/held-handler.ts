import type { ResourceHandler } from "../../../src/resources/handler.ts"

export interface Holding {
  /** While true, nothing settles. */
  isHeld: boolean
}

/** The handler, whose effects are not done while they are held. */
export function heldBy(holding: Holding, handler: ResourceHandler): ResourceHandler {
  return {
    ...handler,
    progress: (operation, identity) =>
      holding.isHeld ? Promise.resolve({ kind: "underway" }) : handler.progress(operation, identity),
  }
}
