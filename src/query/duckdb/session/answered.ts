import type { Field, Prepared } from "../../../wire/pgwire/session.ts"
import type { Answer, TextRow } from "../../contract.ts"
import { allRows } from "../portals/all-rows.ts"
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

/** As above, with the rows of a query of the statement's, which ends with it. */
export function answeredWith(
  query: Prepared,
  fields: Field[] | undefined,
  run: (rows: readonly TextRow[]) => Promise<Answer>,
): Prepared {
  return {
    parameterOids: query.parameterOids,
    fields,
    bind: async (values, formats) => {
      const portal = await query.bind(values, formats, [])
      return fixedPortal(fields, async () => run(await allRows(portal)))
    },
    close: query.close,
  }
}

/** What an empty statement prepares to. */
export const nothingAsked = answered(undefined, async () => ({ rows: [], tag: "" }))
