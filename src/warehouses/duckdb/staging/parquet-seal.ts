import { createCipheriv, randomBytes } from "node:crypto"

/** Encrypts one module of a Parquet file; the parts of the result follow one another in the file. */
export type Seal = (...parts: Buffer[]) => Buffer[]

const nonceBytes = 12
const tagBytes = 16

/**
 * A module as DuckDB reads it (apache/parquet-format, Encryption.md, AES_GCM_V1, without additional data): length, nonce,
 * ciphertext, tag.
 */
export function newSeal(key: Buffer): Seal {
  return (...parts) => {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv("aes-256-gcm", key, nonce)
    const sealed = parts.map((part) => cipher.update(part))
    sealed.push(cipher.final(), cipher.getAuthTag())
    const length = Buffer.alloc(4)
    length.writeUInt32LE(nonceBytes + parts.reduce((sum, part) => sum + part.length, 0) + tagBytes)
    return [length, nonce, ...sealed]
  }
}

/** FileCryptoMetaData: the algorithm is AES_GCM_V1, with nothing to say about it. */
export const cryptoMetaData = Buffer.from("1c1c000000", "hex")
