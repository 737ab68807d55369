import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { createGunzip, createZstdDecompress } from "node:zlib"
import { type CopyOptions, loadErrorCodes } from "../domain/copy.ts"
import { LoadFailure } from "./record-reader.ts"

/** The bytes inside. @throws LoadFailure when they are not what they are said to be. */
export async function* decompressed(
  body: AsyncIterable<Buffer>,
  compression: CopyOptions["compression"],
): AsyncGenerator<Buffer> {
  if (compression === "none") {
    yield* body
    return
  }
  const unpacking = compression === "gzip" ? createGunzip() : createZstdDecompress()
  const piped = pipeline(Readable.from(body), unpacking)
  // Told by reading, below.
  piped.catch(() => undefined)
  try {
    for await (const chunk of unpacking) yield chunk as Buffer
  } catch (error) {
    if (!isDamage(error)) throw error
    throw new LoadFailure(
      loadErrorCodes.unknown,
      `The file is not ${compression.toUpperCase()}, or is damaged`,
    )
  } finally {
    unpacking.destroy()
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^(Z_|ZSTD_)/.test(String(error.code))
}
