import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import { mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { StagedPart } from "../../../replication/contracts/warehouse.ts"
import type { RowBuffer } from "../../../replication/values/columns.ts"
import { type CopyColumn, type CopyForm, copyTuples } from "../copy/copy-encoder.ts"
import { problemOf } from "../errors.ts"

/**
 * Rows between decoding and their transaction, as tuples of binary COPY: on this host, so that a crash leaves nothing at the
 * server, and a batch larger than memory lies in files.
 */
export interface Staging {
  /** Throws UnrepresentableValue for one that no type here holds. */
  write(columns: readonly StagedColumn[], rows: RowBuffer): Promise<StagedPart>
  /** A part's tuples. */
  read(part: StagedPart): Promise<Buffer>
  /** A whole COPY of the parts' rows. */
  copyOf(form: CopyForm, parts: readonly StagedPart[]): AsyncIterable<Buffer>
  remove(parts: readonly StagedPart[]): Promise<void>
}

/** A column of rows that travel, with its name. */
export type StagedColumn = CopyColumn & { name: string }

/** Parts stay in memory, as long as not more than this lies there: about what a batch may gather before it is staged. */
const memoryBytes = 48 * 2 ** 20

/** Opens the folder and clears what an earlier process left: whatever was not applied is streamed again. */
export async function openStaging(folder: string, dataKey: Buffer | undefined): Promise<Staging> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const inMemory = new Map<string, Buffer>()
  let heldBytes = 0
  let written = 0
  // A writer of an earlier opening may not have noticed yet that it is over.
  const opening = randomBytes(4).toString("hex")

  async function keep(tuples: Buffer): Promise<string> {
    const name = `${opening}-${++written}`
    if (heldBytes + tuples.length <= memoryBytes) {
      inMemory.set(name, tuples)
      heldBytes += tuples.length
      return name
    }
    const path = join(folder, `${name}.copy`)
    try {
      await writeFile(path, dataKey === undefined ? tuples : sealed(dataKey, tuples), {
        flag: "wx",
        mode: 0o600,
      })
      return path
    } catch (error) {
      await rm(path, { force: true })
      throw problemOf(error, "staging rows")
    }
  }

  async function read({ token }: StagedPart): Promise<Buffer> {
    const held = inMemory.get(token)
    if (held !== undefined) return held
    const bytes = await readFile(token)
    return dataKey === undefined ? bytes : opened(dataKey, bytes)
  }

  return {
    async write(columns, rows) {
      const tuples = copyTuples(columns, rows)
      return { token: await keep(tuples), rows: rows.rows, bytes: tuples.length }
    },
    read,
    async *copyOf({ header, trailer }, parts) {
      yield header
      for (const part of parts) yield await read(part)
      yield trailer
    },
    async remove(parts) {
      for (const { token } of parts) {
        heldBytes -= inMemory.get(token)?.length ?? 0
        if (!inMemory.delete(token)) await rm(token, { force: true })
      }
    },
  }
}

const nonceBytes = 12
const tagBytes = 16

function sealed(key: Buffer, bytes: Buffer): Buffer {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv("aes-256-gcm", key, nonce)
  return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
}

function opened(key: Buffer, bytes: Buffer): Buffer {
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  })
  decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes))
  return Buffer.concat([
    decipher.update(bytes.subarray(nonceBytes, bytes.length - tagBytes)),
    decipher.final(),
  ])
}
