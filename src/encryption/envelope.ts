import { createHash } from "node:crypto"
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

const namespace = "millrace"
// Without a signature: who could wrap could sign as well.
const suiteId = AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY
const { encrypt, decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)

/** What is bound into the envelope beside the key. */
type Context = Readonly<Record<string, string>>

/** Under the newest version of the key. */
export async function wrap(key: KmsKeyConfiguration, plaintext: Buffer, context: Context): Promise<Buffer> {
  const encryptionContext = { ...context }
  const { result } = await encrypt(keyringOf(key.arn, key.key), plaintext, { encryptionContext, suiteId })
  return result
}

/** With any version of the key. Throws the SDK's errors. */
export async function unwrap(
  { arn, key, previous }: KmsKeyConfiguration,
  wrapped: Buffer,
): Promise<{ plaintext: Buffer; context: Context }> {
  const all = new MultiKeyringNode({
    generator: keyringOf(arn, key),
    children: previous.map((one) => keyringOf(arn, one)),
  })
  const { plaintext, messageHeader } = await decrypt(all, wrapped)
  return { plaintext, context: messageHeader.encryptionContext }
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
