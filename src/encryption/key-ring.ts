import { randomBytes } from "node:crypto"
import type { KmsKeyConfiguration } from "../domain/configuration.ts"
import { Problem } from "../domain/problems.ts"

/** What the pairs of an encryption context bind: without exactly these, what was encrypted cannot be read. */
export type EncryptionContext = Readonly<Record<string, string>>

/** A key made for one purpose, and its form that may lie beside what it encrypts. */
export interface DataKey {
  key: Buffer
  wrapped: string
}

/** The keys of the configuration, which never leave it: they wrap data keys, by the AWS Encryption SDK. */
export interface KeyRing {
  /** Whether a key can be used; why not, otherwise. By its ARN. */
  refusal(arn: string): string | undefined
  /** Throws Problem `keyNotAccessible`. */
  newDataKey(arn: string, context: EncryptionContext): Promise<DataKey>
  /** Of what `newDataKey` made with this key, or an earlier version of it. Throws Problem `keyNotAccessible`. */
  openDataKey(arn: string, context: EncryptionContext, wrapped: string): Promise<Buffer>
}

const dataKeyBytes = 32
/** A wrapped data key is far smaller; more is not ours. */
const maxWrappedCharacters = 64 * 1024
/** Loaded with the first key that is used: the SDK takes a sixth of a second, and most installations have no keys. */
const envelope = () => import("./envelope.ts")

export function newKeyRing(keys: readonly KmsKeyConfiguration[]): KeyRing {
  const byArn = new Map(keys.map((key) => [key.arn, key]))

  function refusal(arn: string): string | undefined {
    const key = byArn.get(arn)
    if (key === undefined) return `Key ${arn} is not configured.`
    return key.enabled ? undefined : `Key ${arn} is disabled.`
  }

  function usable(arn: string): KmsKeyConfiguration {
    const key = byArn.get(arn)
    const reason = refusal(arn)
    if (key === undefined || reason !== undefined)
      throw new Problem("keyNotAccessible", reason ?? `Key ${arn} is not configured.`)
    return key
  }

  return {
    refusal,
    async newDataKey(arn, context) {
      const under = usable(arn)
      const key = randomBytes(dataKeyBytes)
      const wrapped = await (await envelope()).wrap(under, key, context)
      return { key, wrapped: wrapped.toString("base64") }
    },
    async openDataKey(arn, context, wrapped) {
      const key = usable(arn)
      if (wrapped.length > maxWrappedCharacters) throw unreadable(arn)
      const { unwrap } = await envelope()
      const opened = await unwrap(key, Buffer.from(wrapped, "base64")).catch((cause: unknown) => {
        throw unreadable(arn, cause)
      })
      if (!isSameContext(opened.context, context)) throw unreadable(arn)
      return opened.plaintext
    },
  }
}

function isSameContext(found: EncryptionContext, wanted: EncryptionContext): boolean {
  const names = Object.keys(wanted)
  return (
    names.length === Object.keys(found).length &&
    names.every((name) => Object.hasOwn(found, name) && found[name] === wanted[name])
  )
}

function unreadable(arn: string, cause?: unknown): Problem {
  return new Problem(
    "keyNotAccessible",
    `What was encrypted under key ${arn} can be read with none of its versions, or has another encryption context.`,
    { cause },
  )
}
