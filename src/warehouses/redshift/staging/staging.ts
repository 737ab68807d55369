import { createHash, randomBytes } from "node:crypto"
import { promisify } from "node:util"
import { constants, gzip } from "node:zlib"
import type { ColumnType } from "../../../domain/table.ts"
import type { StagedPart } from "../../../replication/contracts/warehouse.ts"
import type { RowBuffer } from "../../../replication/values/columns.ts"
import type { StagingBucket } from "./bucket.ts"
import { type CopyAccess, copyStatement } from "./copy-sql.ts"
import { csvOf } from "./csv.ts"

/** Rows between decoding and their transaction: objects of compressed CSV in the bucket that the warehouse loads from. */
export interface Staging {
  /** Names this opening. */
  readonly opening: string
  /** What the names of its objects begin with, as COPY reports them. */
  readonly place: string
  /** Throws UnrepresentableValue for one that no type of the warehouse holds. `cut`: as in CsvForm. */
  write(types: readonly ColumnType[], rows: RowBuffer, cut?: ReadonlySet<number>): Promise<StagedPart>
  /**
   * The COPY of all rows of the parts into a table (quoted, whole). The list of the parts is an object named after them, so that a COPY that is
   * repeated loads the very same rows.
   */
  copyOf(into: CopyInto, parts: readonly StagedPart[]): Promise<string>
  /** Removes the parts, and the list of each group that a COPY was made of. */
  remove(parts: readonly StagedPart[]): Promise<void>
}

export interface CopyInto {
  table: string
  /** Quoted, in the order of the parts' fields. */
  columns: readonly string[]
}

export interface StagingOptions {
  bucket: StagingBucket
  access: CopyAccess
  /** Begins the keys of all objects of the pipeline in its database. */
  prefix: string
  generation: number
}

const compressed = promisify(gzip)

/** Objects that earlier openings left are removed until so many were looked at; what is left then goes with the next opening. */
const mostCleared = 10_000
/** So many digits that names sort as their generations do. */
const generationDigits = 12

/** Opens staging for one owner, and clears what earlier openings left: whatever was not applied is streamed again. */
export async function openStaging({ bucket, access, prefix, generation }: StagingOptions): Promise<Staging> {
  const opening = randomBytes(4).toString("hex")
  const mine = `${prefix}${String(generation).padStart(generationDigits, "0")}-${opening}/`
  // No text of a source is this one, so a field that equals it is a null in quotes, too.
  const nullText = `null-${randomBytes(12).toString("hex")}`
  await bucket.clear(prefix, {
    atMost: mostCleared,
    isLeftOver: (key) => !key.startsWith(mine) && generationOf(key.slice(prefix.length)) <= generation,
  })
  const lists = new Map<string, readonly StagedPart[]>()
  let written = 0
  return {
    opening,
    place: bucket.urlOf(mine),
    async write(types, rows, cut) {
      const form = cut === undefined ? { nullText } : { nullText, cut }
      const body = await compressed(csvOf(types, rows, form), { level: constants.Z_BEST_SPEED })
      const key = `${mine}${++written}.csv.gz`
      await bucket.put(key, body)
      return { token: key, rows: rows.rows, bytes: body.length }
    },
    async copyOf({ table, columns }, parts) {
      const key = `${mine}${digest(parts)}.manifest`
      if (!lists.has(key)) await bucket.put(key, manifestOf(bucket, parts))
      lists.set(key, parts)
      return copyStatement({ table, columns, from: bucket.urlOf(key), nullText, access })
    },
    async remove(parts) {
      const gone = new Set(parts.map(({ token }) => token))
      const keys = [...lists].filter(([, listed]) => listed.some(({ token }) => gone.has(token)))
      for (const [key] of keys) lists.delete(key)
      await bucket.remove([...gone, ...keys.map(([key]) => key)])
    },
  }
}

/** Objects that are not named as ours are left alone. */
function generationOf(rest: string): number {
  const [, digits] = /^(\d{12})-[0-9a-f]{8}\//.exec(rest) ?? []
  return digits === undefined ? Number.POSITIVE_INFINITY : Number(digits)
}

function digest(parts: readonly StagedPart[]): string {
  const hash = createHash("sha256")
  for (const { token } of parts) hash.update(`${token}\n`)
  return hash.digest("hex").slice(0, 32)
}

/** Every part must be there. (Source: Redshift's documentation, "Using a manifest to specify data files".) */
function manifestOf(bucket: StagingBucket, parts: readonly StagedPart[]): Buffer {
  const entries = parts.map(({ token, bytes }) => ({
    url: bucket.urlOf(token),
    mandatory: true,
    meta: { content_length: bytes },
  }))
  return Buffer.from(JSON.stringify({ entries }))
}
