import { randomBytes } from "node:crypto"
import { mkdir, open, rm } from "node:fs/promises"
import { join } from "node:path"
import type { RowBuffer } from "../../replication/columns.ts"
import type { StagedPart } from "../../replication/warehouse.ts"
import { problemOf } from "./errors.ts"
import { encodeParquet } from "./parquet.ts"

/** The folder of one destination database's Parquet files between decoding and loading. */
export interface Staging {
  write(names: readonly string[], rows: RowBuffer): Promise<StagedPart>
  remove(parts: readonly StagedPart[]): Promise<void>
}

/** Opens the folder and clears what an earlier process left: whatever was not applied is streamed again. */
export async function openStaging(folder: string): Promise<Staging> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  let written = 0
  // A writer of an earlier opening may not have noticed yet that it is over.
  const opening = randomBytes(4).toString("hex")
  return {
    async write(names, rows) {
      const path = join(folder, `${opening}-${++written}.parquet`)
      try {
        const bytes = await writeFile(path, encodeParquet(names, rows))
        return { token: path, rows: rows.rows, bytes }
      } catch (error) {
        await rm(path, { force: true })
        throw problemOf(error, "staging rows")
      }
    },
    async remove(parts) {
      await Promise.all(parts.map((part) => rm(part.token, { force: true })))
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
