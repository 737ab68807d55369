import { createHash, randomBytes } from "node:crypto"
import {
  AlgorithmSuiteIdentifier,
  buildClient,
  CommitmentPolicy,
  type KeyringNode,
  MultiKeyringNode,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier,
} from "@aws-crypto/client-node"
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
const namespace = "millrace"
// Without a signature: who could wrap could sign as well.
const suiteId = AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY

export function newKeyRing(keys: readonly KmsKeyConfiguration[]): KeyRing {
  const { encrypt, decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
  const rings = new Map(keys.map((key) => [key.arn, { key, ...ringsOf(key) }]))

  function refusal(arn: string): string | undefined {
    const found = rings.get(arn)
    if (found === undefined) return `Key ${arn} is not configured.`
    return found.key.enabled ? undefined : `Key ${arn} is disabled.`
  }

  function ringOf(arn: string): { newest: KeyringNode; all: KeyringNode } {
    const found = rings.get(arn)
    const reason = refusal(arn)
    if (found === undefined || reason !== undefined)
      throw new Problem("keyNotAccessible", reason ?? `Key ${arn} is not configured.`)
    return found
  }

  return {
    refusal,
    async newDataKey(arn, context) {
      const key = randomBytes(dataKeyBytes)
      const encryptionContext = { ...context }
      const { result } = await encrypt(ringOf(arn).newest, key, { encryptionContext, suiteId })
      return { key, wrapped: result.toString("base64") }
    },
    async openDataKey(arn, context, wrapped) {
      const { all } = ringOf(arn)
      if (wrapped.length > maxWrappedCharacters) throw unreadable(arn)
      const opened = await decrypt(all, Buffer.from(wrapped, "base64")).catch((cause: unknown) => {
        throw unreadable(arn, cause)
      })
      if (!isSameContext(opened.messageHeader.encryptionContext, context)) throw unreadable(arn)
      return opened.plaintext
    },
  }
}

function ringsOf({ arn, key, previous }: KmsKeyConfiguration): { newest: KeyringNode; all: KeyringNode } {
  const newest = keyringOf(arn, key)
  const all = new MultiKeyringNode({
    generator: newest,
    children: previous.map((one) => keyringOf(arn, one)),
  })
  return { newest, all }
}

/** Each version has a name of its own, which what it wrapped carries: so the right one is found. */
function keyringOf(arn: string, material: Buffer): KeyringNode {
  const fingerprint = createHash("sha256").update(material).digest("hex").slice(0, 16)
  return new RawAesKeyringNode({
    keyNamespace: namespace,
    keyName: `${arn}#${fingerprint}`,
    // The SDK wants memory that nothing else shares.
    unencryptedMasterKey: Uint8Array.from(material),
    wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
  })
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
