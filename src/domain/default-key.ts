import { createHash } from "node:crypto"
import { formatArn } from "./text-forms/arn.ts"

/**
 * The ARN that an integration without a key of its own shows as its KMSKeyId, as the cloud shows the key it uses by default: the
 * same for every integration of an account and region, over restarts too. No key stands behind it and nothing is encrypted under it.
 */
export function defaultKeyArn({ region, account }: { region: string; account: string }): string {
  return formatArn({
    partition: "aws",
    service: "kms",
    region,
    account,
    resource: `key/${uuidOf(`millrace default key ${account} ${region}`)}`,
  })
}

/** A version 8 UUID (RFC 9562, section 5.8) from a text's SHA-256. */
function uuidOf(text: string): string {
  const bytes = createHash("sha256").update(text).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}
