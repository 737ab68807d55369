import { unreachable } from "../../../domain/unreachable.ts"
import { constant } from "../quoting.ts"

/** By what right the warehouse reads the staging bucket. */
export type CopyAccess = {
  region: string
} & (
  | { kind: "role"; arn: string }
  | { kind: "keys"; accessKeyId: string; secretAccessKey: string; sessionToken?: string }
)

export interface CopyStatement {
  /** Quoted, whole. */
  table: string
  /** Quoted. */
  columns: readonly string[]
  /** The URL of the list of files. */
  from: string
  /** What a field without a value holds. */
  nullText: string
  access: CopyAccess
}

/**
 * Loads staged rows. The first row that cannot be held fails it: MAXERROR is 0. Compression and statistics of a table that is
 * about to go, or is loaded in many parts, are not looked at.
 */
export function copyStatement({ table, columns, from, nullText, access }: CopyStatement): string {
  return [
    `COPY ${table} (${columns.join(", ")}) FROM ${constant(from)}`,
    authorisation(access),
    `REGION ${constant(access.region)}`,
    `MANIFEST FORMAT AS CSV GZIP NULL AS ${constant(nullText)}`,
    "DATEFORMAT 'auto' TIMEFORMAT 'auto' COMPUPDATE OFF STATUPDATE OFF",
  ].join(" ")
}

function authorisation(access: CopyAccess): string {
  switch (access.kind) {
    case "role":
      return `IAM_ROLE ${constant(access.arn)}`
    case "keys": {
      const { accessKeyId, secretAccessKey, sessionToken } = access
      const token = sessionToken === undefined ? "" : ` SESSION_TOKEN ${constant(sessionToken)}`
      return `ACCESS_KEY_ID ${constant(accessKeyId)} SECRET_ACCESS_KEY ${constant(secretAccessKey)}${token}`
    }
    default:
      return unreachable(access)
  }
}
