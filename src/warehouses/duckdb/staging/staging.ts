import { randomBytes } from "node:crypto"
import { mkdir, open, rm } from "node:fs/promises"
import { basename, join } from "node:path"
import type { StagedPart } from "../../../replication/contracts/warehouse.ts"
import type { RowBuffer } from "../../../replication/values/columns.ts"
import { problemOf } from "../errors.ts"
import { quoteLiteral } from "../quoting.ts"
import { encodeParquet } from "./parquet.ts"
import { newSeal } from "./parquet-seal.ts"
import { inlineRows } from "./values-list.ts"

/** The folder of one destination database's Parquet files between decoding and loading. */
export interface Staging {
  /** As `write`, but a few rows need no file: their part's token is the rows themselves. */
  keep(names: readonly string[], rows: RowBuffer): Promise<StagedPart>
  write(names: readonly string[], rows: RowBuffer): Promise<StagedPart>
  remove(parts: readonly StagedPart[]): Promise<void>
  /** Where a file that came as Parquet may be put. */
  newPath(): string
}

/** Makes a key known to the engine under a name. */
export type AddKey = (name: string, key: Buffer) => Promise<void>

/** In the name of a file that is encrypted, and of the key. */
const sealedPrefix = "sealed"

/** What reads staged files: those of one opening, so that all or none are encrypted. */
export function readStaged(parts: readonly Pick<StagedPart, "token">[]): string {
  const files = parts.filter((part) => !isInline(part))
  const inline = parts.filter(isInline).map(({ token }) => token)
  if (inline.length === 0) return readFiles(files)
  const all = files.length === 0 ? inline : [`(FROM ${readFiles(files)})`, ...inline]
  return all.length === 1 ? (all[0] as string) : `(${all.join(" UNION ALL ")})`
}

/** A path is absolute. */
const isInline = ({ token }: Pick<StagedPart, "token">) => token.startsWith("(")

function readFiles(parts: readonly Pick<StagedPart, "token">[]): string {
  const files = parts.map((part) => quoteLiteral(part.token)).join(", ")
  const [, keyName] = /^(sealed[0-9a-f]+)-\d+\.parquet$/.exec(basename(parts[0]?.token ?? "")) ?? []
  const key = keyName === undefined ? "" : `, encryption_config = {footer_key: ${quoteLiteral(keyName)}}`
  return `read_parquet([${files}]${key})`
}

/** Opens the folder and clears what an earlier process left: whatever was not applied is streamed again. */
export async function openStaging(
  folder: string,
  { addKey, dataKey }: { addKey: AddKey; dataKey: Buffer | undefined },
): Promise<Staging> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  let written = 0
  // A writer of an earlier opening may not have noticed yet that it is over.
  const opening = randomBytes(4).toString("hex")
  const newPath = () => join(folder, `${opening}-${++written}.parquet`)
  const keyName = `${sealedPrefix}${opening}`
  if (dataKey !== undefined) await addKey(keyName, dataKey)
  const prefix = dataKey === undefined ? opening : keyName
  const seal = dataKey && newSeal(dataKey)
  async function write(names: readonly string[], rows: RowBuffer): Promise<StagedPart> {
    const path = join(folder, `${prefix}-${++written}.parquet`)
    try {
      const bytes = await writeFile(path, encodeParquet(names, rows, seal))
      return { token: path, rows: rows.rows, bytes }
    } catch (error) {
      await rm(path, { force: true })
      throw problemOf(error, "staging rows")
    }
  }
  return {
    newPath,
    write,
    async keep(names, rows) {
      const token = inlineRows(names, rows)
      return token === undefined ? await write(names, rows) : { token, rows: rows.rows, bytes: token.length }
    },
    async remove(parts) {
      const files = parts.filter((part) => !isInline(part))
      await Promise.all(files.map((part) => rm(part.token, { force: true })))
    },
  }
}

/** Not synced: a crash loses the file and the stream repeats its rows. */
async function writeFile(path: string, parts: Buffer[]): Promise<number> {
  const file = await open(path, "wx", 0o600)
  try {
    let bytes = 0
    for (const part of parts) bytes += part.length
    const { bytesWritten } = await file.writev(parts)
    // A short write is how a full disk shows first; the next write then says so.
    if (bytesWritten < bytes) await file.write(Buffer.concat(parts).subarray(bytesWritten))
    return bytes
  } finally {
    await file.close()
  }
}
