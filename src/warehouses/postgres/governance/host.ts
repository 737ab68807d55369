import { createHash } from "node:crypto"
import { isIPv6 } from "node:net"
import { libpqTls, urlWithTls } from "../../../configuration/tls/settings.ts"
import type { GovernedHost, PolicyServer } from "../../../engines/policy-server.ts"
import { connect, type Session } from "../client.ts"
import { orProblem } from "../errors.ts"
import { type Names, namesOf } from "../naming.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"
import type { GovernedPlace } from "./apply.ts"
import { hostObjects } from "./objects.ts"
import { policyDatabase } from "./policy-server.ts"
import { usualReaderRelations } from "./view.ts"

/** Applies policies in a server that the integrations API has set up, by the account of the set-up. */
export function openGovernedHost(host: GovernedHost): PolicyServer {
  return {
    open: (database) =>
      orProblem(`applying policies in database ${database}`, async () => {
        const session = await enter(host)
        const place: GovernedPlace = { names: hostNames(), prefix: "", kind: "host" }
        try {
          await makeHostObjects(session, place.names)
        } catch (error) {
          session.destroy()
          throw error
        }
        return policyDatabase(session, place, database)
      }),
  }
}

async function enter({ host, port, database, tls, login }: GovernedHost): Promise<Session> {
  const { user, password } = await login()
  const address = new URL(`postgres://${isIPv6(host) ? `[${host}]` : host}:${port}`)
  address.username = encodeURIComponent(user)
  address.password = encodeURIComponent(password)
  address.pathname = `/${encodeURIComponent(database)}`
  return await connect(urlWithTls(address.href, tls, libpqTls))
}

/** As in a destination database, in the schema of the set-up. */
function hostNames(): Names {
  const { schema } = usualReaderRelations
  return {
    ...namesOf({ connectTo: undefined, prefix: "" }),
    books: (table) => `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`,
    booksSchema: schema,
  }
}

/**
 * Once for each version of them. The schema is never made here: a set-up that is being taken back would leave it. Whoever
 * takes it back waits for this transaction, or this one finds no schema.
 */
async function makeHostObjects(session: Session, names: Names): Promise<void> {
  const statements = hostObjects(names).join(";\n")
  const version = `Millrace ${createHash("sha256").update(statements).digest("hex").slice(0, 16)}`
  const schema = quoteIdentifier(names.booksSchema)
  const [[made] = []] = await session.rows(
    `SELECT obj_description(to_regnamespace(${quoteLiteral(schema)}), 'pg_namespace')`,
  )
  if (made === version) return
  await session.run(`
    BEGIN;
    LOCK TABLE ${names.books("profile")} IN SHARE ROW EXCLUSIVE MODE;
    ${statements};
    COMMENT ON SCHEMA ${schema} IS ${quoteLiteral(version)};
    COMMIT`)
}
