import type { DirectAccess } from "../../engines/warehouse-engine.ts"
import type { RedshiftWarehouseConfiguration } from "./format.ts"
import { placeIn } from "./naming.ts"

const usualPort = 5439

/** How people ask Redshift. Unqualified names are looked for where a session of theirs looks: schemas of a layout are to be named. */
export const redshiftDirect: DirectAccess<RedshiftWarehouseConfiguration> = {
  title: "Redshift",
  addressOf({ url }) {
    const { hostname, port, pathname } = new URL(url)
    return {
      host: hostname.replace(/^\[|\]$/g, ""),
      port: port === "" ? usualPort : Number(port),
      database: decodeURIComponent(pathname.slice(1)) || "dev",
    }
  },
  urlOf({ url, layout }, database) {
    const address = new URL(url)
    if (address.port === "") address.port = String(usualPort)
    if (!address.searchParams.has("sslmode")) address.searchParams.set("sslmode", "verify-full")
    const { connectTo } = database === undefined ? { connectTo: undefined } : placeIn(layout, database)
    if (connectTo !== undefined) address.pathname = `/${encodeURIComponent(connectTo)}`
    return address.toString()
  },
}
