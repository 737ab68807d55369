import type { DirectAccess } from "../../engines/warehouse-engine.ts"
import type { PostgresWarehouseConfiguration } from "./format.ts"
import { placeIn } from "./naming.ts"
import { quoteIdentifier } from "./quoting.ts"

/** How people ask a server of PostgreSQL. */
export const postgresDirect: DirectAccess<PostgresWarehouseConfiguration> = {
  title: "PostgreSQL",
  addressOf({ url }) {
    const { hostname, port, pathname, username } = new URL(url)
    const database = decodeURIComponent(pathname.slice(1)) || decodeURIComponent(username)
    return { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? 5432 : Number(port), database }
  },
  urlOf({ url, layout }, database) {
    if (database === undefined) return url
    const address = new URL(url)
    const { connectTo, prefix } = placeIn(layout, database)
    if (connectTo !== undefined) address.pathname = `/${encodeURIComponent(connectTo)}`
    // Unqualified names are those of the source's schema public, as in a database of its own.
    else
      address.searchParams.append(
        "options",
        `-c search_path=${inOptions(quoteIdentifier(`${prefix}public`))}`,
      )
    return address.toString()
  },
}

/** The server cuts options at blanks that no backslash stands before. */
function inOptions(value: string): string {
  return value.replace(/[\\\s]/g, (character) => `\\${character}`)
}
