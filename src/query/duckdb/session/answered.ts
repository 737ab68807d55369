import type { Field, Prepared } from "../../../wire/pgwire/session.ts"
import type { Answer } from "../../contract.ts"
import { fixedPortal } from "../portals/engine-portal.ts"

/** A statement that the port answers itself. */
export function answered(fields: Field[] | undefined, run: () => Promise<Answer>): Prepared {
  return {
    parameterOids: [],
    fields,
    bind: async () => fixedPortal(fields, run),
    close: () => undefined,
  }
}

/** What an empty statement prepares to. */
export const nothingAsked = answered(undefined, async () => ({ rows: [], tag: "" }))
