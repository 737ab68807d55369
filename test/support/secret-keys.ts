import { type KeptKeys, keptKeys } from "../../src/encryption/kept-key.ts"
import { newKeyRing } from "../../src/encryption/key-ring.ts"

const keyArn = "arn:aws:kms:us-east-1:123456789012:key/secrets"

/** Of the secrets of policies, for stores that tests open: the same for each byte. */
export function secretKeysOfTests(keyByte = 1): KeptKeys {
  const ring = newKeyRing([
    { arn: keyArn, aliases: [], enabled: true, key: Buffer.alloc(32, keyByte), previous: [] },
  ])
  return keptKeys(async () => ({ ring, keyArn }), { purpose: "test" })
}
