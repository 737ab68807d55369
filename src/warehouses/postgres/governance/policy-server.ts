import pg from "pg"
import {
  PoliciesAreHeld,
  type PolicyDatabase,
  type PolicyServer,
  type UnshownSource,
  type WantedPolicies,
} from "../../../engines/policy-server.ts"
import { makeBooks } from "../bookkeeping.ts"
import { connect, type Session } from "../client.ts"
import { orProblem, problemOf } from "../errors.ts"
import type { PostgresWarehouseConfiguration } from "../format.ts"
import { namesOf, placeIn } from "../naming.ts"
import { doBlock, quoteIdentifier } from "../quoting.ts"
import {
  type GovernedPlace,
  placeStatements,
  secretStatements,
  standingViews,
  versionStatements,
  viewChanges,
} from "./apply.ts"
import { locksForApplying } from "./objects.ts"
import { impersonatorStatements, peopleStatements } from "./people-sql.ts"
import { probe, standingViewsOf } from "./probe.ts"
import { seenTables } from "./seen-tables.ts"

/** Below the server's own wait before it looks for deadlocks (1 s): of two who wait for each other, this one gives way. */
const lockWaitMs = 800
/** Pipelines wait for this transaction before a swap: one whose host is frozen is ended by the server. */
const silentAtMostMs = 8_000

/** Applies policies in the databases of a server. */
export function openPolicyServer({
  url,
  layout,
}: Pick<PostgresWarehouseConfiguration, "url" | "layout">): PolicyServer {
  return {
    open: (database) =>
      orProblem(`applying policies in database ${database}`, async () => {
        const at = placeIn(layout, database)
        const session = await connect(url, at.connectTo)
        const place = { names: namesOf(at), prefix: at.prefix, kind: "warehouse" as const }
        try {
          await makeBooks(session, place.names)
        } catch (error) {
          session.destroy()
          throw error
        }
        return policyDatabase(session, place, database)
      }),
  }
}

/** `database`: for messages. */
export function policyDatabase(session: Session, place: GovernedPlace, database: string): PolicyDatabase {
  const doing = `applying policies in database ${database}`
  return {
    tables: (places) => orProblem(doing, () => seenTables(session, place, places)),
    apply: async (wanted) => {
      try {
        return await inTransaction(session, place, () => applied(session, place, wanted))
      } catch (error) {
        throw isHeld(error) ? new PoliciesAreHeld({ cause: error }) : problemOf(error, doing)
      }
    },
    closeViews: () =>
      orProblem(doing, async () => {
        await session.run(revokeAll(place))
      }),
    probe: (wanted) => orProblem(doing, () => probe(session, place, wanted)),
    close: () => session.close(),
  }
}

// SQLSTATEs lock_not_available, deadlock_detected.
const heldCodes = new Set(["55P03", "40P01"])

function isHeld(error: unknown): boolean {
  return error instanceof pg.DatabaseError && heldCodes.has(error.code ?? "")
}

async function inTransaction<T>(
  session: Session,
  { names }: GovernedPlace,
  work: () => Promise<T>,
): Promise<T> {
  try {
    await session.run(
      `BEGIN; SET LOCAL lock_timeout = '${lockWaitMs}ms'; SET LOCAL idle_in_transaction_session_timeout = '${silentAtMostMs}ms'; ${locksForApplying(names)}`,
    )
    const result = await work()
    await session.run("COMMIT")
    return result
  } catch (error) {
    await session.run("ROLLBACK").catch(() => undefined) // A broken session has ended its transaction already.
    throw error
  }
}

async function applied(
  session: Session,
  place: GovernedPlace,
  wanted: WantedPolicies,
): Promise<UnshownSource[]> {
  const written = await session.run(versionStatements(place, wanted).join(";\n"))
  if (written.every(({ count }) => count === 0))
    throw new Error("a newer version of the policies is applied there")
  await session.run(
    [
      ...peopleStatements(place, wanted.people),
      ...impersonatorStatements(place, wanted.impersonators),
      ...secretStatements(place, wanted),
      ...placeStatements(place, wanted),
    ].join(";\n"),
  )
  const standing = standingViews(await session.rows(standingViewsOf(place.names)))
  const unshown: UnshownSource[] = []
  for (const { source, statement } of viewChanges(place, wanted, standing)) {
    const [[problem] = []] = await session.rows(statement)
    if (source === undefined || typeof problem !== "string") continue
    unshown.push({ id: source, problem })
    // What stands there shows something else than what is wanted now.
    await session.run(`SELECT ${quoteIdentifier(place.names.booksSchema)}.take_view(${source})`)
  }
  return unshown
}

/** A revocation waits for nobody, and holds for the next statement of every session. */
function revokeAll({ names }: GovernedPlace): string {
  return doBlock(`DECLARE one text; BEGIN
      FOR one IN SELECT format('%I.%I', schema_name, view_name) FROM ${names.books("governed_views")} LOOP
        IF to_regclass(one) IS NOT NULL THEN EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', one); END IF;
      END LOOP;
    END`)
}
