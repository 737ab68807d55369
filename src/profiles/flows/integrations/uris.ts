import { parseObjectUrl } from "../../../domain/copy.ts"

/** Where an integration's records come from. */
export type IntegrationSource =
  | { kind: "bucket"; bucket: string; prefix: string }
  | { kind: "file"; path: string }
  | { kind: "web"; url: string }
  /** Of a server that is configured as a source. */
  | { kind: "rows"; host: string; port: number; database: string; from: string; cursor: string | undefined }
  /** A table of the warehouse, replicated or not. */
  | { kind: "table"; database: string; schema: string; table: string; cursor: string | undefined }

export type UriKind =
  | { kind: "source"; source: IntegrationSource }
  /** A flow, made from a FlowDefinition. */
  | { kind: "flow"; flowName: string }
  /** Nothing here would carry it out. */
  | { kind: "refused"; reason: string }

const kindsWanted =
  "It must begin with s3://, arn:aws:s3:::, file:, http://, https://, postgres:// or warehouse://, or come with a FlowDefinition."

/** What an integration of this Uri is. */
export function uriKind(uri: string): UriKind {
  if (/^arn:aws[a-z-]*:/.test(uri)) return arnKind(uri)
  if (uri.startsWith("aws.partner/") || uri.includes("event-source/aws.partner/")) return partnerKind
  if (uri.startsWith("s3://")) return bucketKind(uri)
  if (!URL.canParse(uri))
    return refused(`The Uri '${uri}' is none that an integration can have. ${kindsWanted}`)
  const url = new URL(uri)
  switch (url.protocol) {
    case "file:":
      return url.host === ""
        ? { kind: "source", source: { kind: "file", path: decoded(url.pathname) } }
        : refused("A file: Uri names no host.")
    case "http:":
    case "https:":
      return webKind(url, uri)
    case rowsScheme:
    case "postgresql:":
      return rowsKind(url)
    case "warehouse:":
      return tableKind(url)
    default:
      return refused(`The Uri '${uri}' is none that an integration can have. ${kindsWanted}`)
  }
}

function refused(reason: string): UriKind {
  return { kind: "refused", reason }
}

const partnerKind = refused(
  "Partner event sources (Segment, Shopify) send to EventBridge, which reaches nothing here: send their records by PutProfileObject, or put them into a bucket.",
)

function arnKind(uri: string): UriKind {
  const [, , service, , , ...rest] = uri.split(":")
  const resource = rest.join(":")
  switch (service) {
    case "s3": {
      const [bucket = "", ...key] = resource.split("/")
      return bucketKind(`s3://${bucket}/${key.join("/")}`)
    }
    case "appflow":
      return resource.startsWith("flow/")
        ? { kind: "flow", flowName: resource.slice("flow/".length) }
        : refused(`The Uri '${uri}' names no flow.`)
    case "events":
      return partnerKind
    case "connect":
      return refused(
        "There is no Connect instance here that would send contact records: send them by PutProfileObject.",
      )
    default:
      return refused(`The Uri '${uri}' is none that an integration can have. ${kindsWanted}`)
  }
}

function bucketKind(uri: string): UriKind {
  const place = parseObjectUrl(uri)
  return place === undefined
    ? refused(`The Uri '${uri}' names no bucket.`)
    : { kind: "source", source: { kind: "bucket", ...place } }
}

/** The Uri is shown to whoever lists integrations. */
const noPassword = refused(
  "A Uri holds no user and no password: it is shown to all who may list integrations.",
)

function webKind(url: URL, uri: string): UriKind {
  if (url.username !== "" || url.password !== "") return noPassword
  return { kind: "source", source: { kind: "web", url: uri } }
}

/** Of Uris of rows, and of the server's own URLs. */
export const rowsScheme = "postgres:"
export const usualRowsPort = 5_432

/** `postgres://host:port/database?table=public.orders&cursor=updated_at`, or `query=` in place of `table=`. */
function rowsKind(url: URL): UriKind {
  if (url.username !== "" || url.password !== "") return noPassword
  const { searchParams: given } = url
  const [table, query] = [given.get("table"), given.get("query")]
  const stranger = [...given.keys()].find((name) => !["table", "query", "cursor"].includes(name))
  if (stranger !== undefined)
    return refused(`A postgres: Uri has no parameter ${stranger}: it has table or query, and cursor.`)
  if ((table === null) === (query === null)) return refused("A postgres: Uri has either table=… or query=….")
  const database = decoded(url.pathname.slice(1))
  if (url.hostname === "" || database === "") return refused("A postgres: Uri names a host and a database.")
  const from = table === null ? `(${(query ?? "").replace(/;\s*$/, "")})` : quotedTable(table)
  const port = url.port === "" ? usualRowsPort : Number(url.port)
  const cursor = given.get("cursor") ?? undefined
  return { kind: "source", source: { kind: "rows", host: url.hostname, port, database, from, cursor } }
}

function quotedTable(name: string): string {
  return name
    .split(".")
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join(".")
}

/** `warehouse://database/schema/table`; `?cursor=updated_at` where the warehouse does not tell which rows are new. */
function tableKind(url: URL): UriKind {
  const [schema, table, ...more] = url.pathname.slice(1).split("/").map(decoded)
  const database = decoded(url.hostname)
  if (database === "" || !schema || !table || more.length > 0)
    return refused("A warehouse: Uri is warehouse://database/schema/table.")
  const cursor = url.searchParams.get("cursor") ?? undefined
  return { kind: "source", source: { kind: "table", database, schema, table, cursor } }
}

/** What is not encoded well stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}
