import type { EncryptionContext, KeyRing } from "./key-ring.ts"

/** A key as it is kept: wrapped under a configured key. */
export interface KeptKey {
  keyArn: string
  wrapped: string
}

/** Makes and opens the one key of a kind of secrets. Both reject with Problem `keyNotAccessible`. */
export interface KeptKeys {
  make(): Promise<KeptKey>
  open(kept: KeptKey): Promise<Buffer>
}

export interface KeyChoice {
  ring: KeyRing
  /** New keys are wrapped under it. */
  keyArn: string
}

/** @param choose asked when a key is first made or opened */
export function keptKeys(choose: () => Promise<KeyChoice>, context: EncryptionContext): KeptKeys {
  return {
    async make() {
      const { ring, keyArn } = await choose()
      const { wrapped } = await ring.newDataKey(keyArn, context)
      return { keyArn, wrapped }
    },
    async open({ keyArn, wrapped }) {
      const { ring } = await choose()
      return await ring.openDataKey(keyArn, context, wrapped)
    },
  }
}
