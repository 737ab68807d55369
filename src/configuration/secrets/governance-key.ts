import { randomBytes } from "node:crypto"
import { join } from "node:path"
import type { Configuration, KmsKeyConfiguration } from "../../domain/configuration.ts"
import { keyMaterial } from "../schema.ts"
import { SetupError } from "../setup-error.ts"
import { makePrivate, readPrivate } from "./private-file.ts"

const keyBytes = 32

/** The keys of secrets of governance: new ones are kept under `current`, earlier ones may be under any of `all`. */
export interface GovernanceKeys {
  current: KmsKeyConfiguration
  all: readonly KmsKeyConfiguration[]
}

/**
 * The key under which accounts of governed servers and secrets of policies are kept: the first enabled one of `kms_keys`, else one that is made once, in
 * data_dir/governance-key. Processes of several hosts need the former: each data folder would have another key.
 *
 * @throws SetupError when others may read or replace the file, or when it holds no key
 */
export async function governanceKeys({
  dataDir,
  kmsKeys,
  account,
  region,
}: Pick<Configuration, "dataDir" | "kmsKeys" | "account" | "region">): Promise<GovernanceKeys> {
  const configured = kmsKeys.find(({ enabled }) => enabled)
  const path = join(dataDir, "governance-key")
  const read = () =>
    readPrivate(
      path,
      "or remove it, and integrations of the governance API must be made anew; tables with hashes stay closed",
    )
  if (configured !== undefined && (await read()) === undefined) return { current: configured, all: kmsKeys }
  if ((await read()) === undefined) await makePrivate(path, `${randomBytes(keyBytes).toString("base64")}\n`)
  const parsed = keyMaterial.safeParse(((await read()) ?? "").trim())
  if (!parsed.success) throw new SetupError(`${path} holds no key: put it back as it was.`)
  const arn = `arn:aws:kms:${region}:${account}:key/millrace-governance`
  const own = { arn, aliases: [], enabled: true, key: parsed.data, previous: [] }
  return { current: configured ?? own, all: [...kmsKeys, own] }
}
