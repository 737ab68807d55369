import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import type { BlockKind } from "./block.ts"

/** Keys for what a pipeline keeps on disk. Both throw Problem `keyNotAccessible`. */
export interface AtRest {
  newDataKey(): Promise<{ key: Buffer; wrapped: string }>
  openDataKey(wrapped: string): Promise<Buffer>
}

/** Where a block stands: another place does not open it. */
export interface BlockPlace {
  segment: number
  at: number
  kind: BlockKind
  position: string | undefined
}

const algorithm = "aes-256-gcm"
const nonceBytes = 12
const tagBytes = 16

export function sealBytes(key: Buffer, bytes: Buffer, place: BlockPlace): Buffer {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(algorithm, key, nonce)
  cipher.setAAD(placeBytes(place))
  return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
}

/** `undefined`: it was not sealed with this key at this place. */
export function openBytes(key: Buffer, sealed: Buffer, place: BlockPlace): Buffer | undefined {
  if (sealed.length < nonceBytes + tagBytes) return undefined
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  })
  decipher.setAAD(placeBytes(place))
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
  try {
    const opened = decipher.update(sealed.subarray(nonceBytes, sealed.length - tagBytes))
    return Buffer.concat([opened, decipher.final()])
  } catch {
    return undefined
  }
}

function placeBytes({ segment, at, kind, position }: BlockPlace): Buffer {
  return Buffer.from(JSON.stringify([segment, at, kind, position ?? null]))
}
