import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import type { KmsKeyConfiguration } from "../../domain/configuration.ts"
import type { PlacedMistake } from "../references.ts"
import { type ConfigurationFile, keyMaterial } from "../schema.ts"
import { systemCode } from "../setup-error.ts"
import { intrusion } from "../trust/trusted-path.ts"

/** The keys with what their files hold; paths are relative to `folder`. */
export function readKmsKeys(
  entries: ConfigurationFile["kms_keys"],
  folder: string,
): { keys: KmsKeyConfiguration[]; mistakes: PlacedMistake[] } {
  const keys: KmsKeyConfiguration[] = []
  const mistakes: PlacedMistake[] = []
  for (const [at, { arn, aliases, enabled, key: given, key_file: file, previous }] of entries.entries()) {
    const key = given ?? readKey(resolve(folder, file ?? ""))
    if (typeof key === "string") mistakes.push({ path: ["kms_keys", at, "key_file"], message: key })
    else keys.push({ arn, aliases, enabled, key, previous })
  }
  return { keys, mistakes }
}

/** The key, or what is wrong: never with what the file holds. */
function readKey(path: string): Buffer | string {
  try {
    const others = intrusion(path)
    if (others !== undefined) return `is not yours alone: ${others}`
    const parsed = keyMaterial.safeParse(readFileSync(path, "utf8").trim())
    return parsed.success
      ? parsed.data
      : "must hold 256 bits in base64, as `openssl rand -base64 32` prints them"
  } catch (error) {
    const code = systemCode(error)
    if (code === undefined) throw error
    return `cannot be read (${code})`
  }
}
