import type { KmsKeyConfiguration } from "../../domain/configuration.ts"
import { defaultKeyArn } from "../../domain/default-key.ts"
import { Fault } from "../../domain/faults.ts"
import type { Integration } from "../../domain/integration.ts"
import type { ControlPlane } from "../control-plane.ts"

/** Of the eight pairs that a key's encryption context may have, the service adds two of its own. */
const ownPairs = 6
/** The Encryption SDK keeps these names for itself. */
const reservedPrefixes = ["aws:", "aws-crypto-"]

export interface EncryptionInput {
  kmsKeyId?: string | undefined
  additionalEncryptionContext?: Record<string, string> | undefined
}

export type NamedKey = Pick<KmsKeyConfiguration, "arn" | "aliases" | "enabled">

type KeyPlace = Pick<ControlPlane, "account" | "region" | "kmsKeys">

/**
 * The key that an integration is to be encrypted under, by its ARN, and what is bound to it. To name the default key is to name
 * none: a client that read it in an answer may give it back.
 *
 * @throws Fault kmsKeyNotAccessible, invalidCombination, invalidValue.
 */
export function encryptionOf(
  place: KeyPlace,
  { kmsKeyId: given, additionalEncryptionContext = {} }: EncryptionInput,
): Pick<Integration, "kmsKeyId" | "additionalEncryptionContext"> {
  const kmsKeyId = isDefaultKey(place, given) ? undefined : given
  const names = Object.keys(additionalEncryptionContext)
  if (kmsKeyId === undefined && names.length > 0)
    throw new Fault(
      "invalidCombination",
      "AdditionalEncryptionContext needs KMSKeyId, and not the default key's.",
    )
  if (kmsKeyId === undefined) return { kmsKeyId: undefined, additionalEncryptionContext: {} }
  const key = findKey(place.kmsKeys, kmsKeyId)
  if (key === undefined)
    throw new Fault(
      "kmsKeyNotAccessible",
      `No key ${kmsKeyId} is configured: add it under kms_keys, or leave KMSKeyId out.`,
    )
  if (!key.enabled) throw new Fault("kmsKeyNotAccessible", `The key ${kmsKeyId} is disabled.`)
  if (names.length > ownPairs)
    throw new Fault("invalidValue", `AdditionalEncryptionContext may have at most ${ownPairs} pairs.`)
  const reserved = names.find((name) => reservedPrefixes.some((prefix) => name.startsWith(prefix)))
  if (reserved !== undefined)
    throw new Fault("invalidValue", `The key ${reserved} of AdditionalEncryptionContext is reserved.`)
  return { kmsKeyId: key.arn, additionalEncryptionContext }
}

/** What the APIs show as an integration's KMSKeyId: always one, as in the cloud. */
export function shownKey(
  place: Pick<ControlPlane, "account" | "region">,
  { kmsKeyId }: Pick<Integration, "kmsKeyId">,
): string {
  return kmsKeyId ?? defaultKeyArn(place)
}

/** By its ARN, or its id alone. */
function isDefaultKey(place: KeyPlace, identifier: string | undefined): boolean {
  const arn = defaultKeyArn(place)
  return identifier === arn || identifier === arn.split(":key/")[1]
}

/** As the cloud takes them: key ARN, key id, alias name, alias ARN. */
function findKey(keys: readonly NamedKey[], identifier: string): NamedKey | undefined {
  return keys.find(({ arn, aliases }) => {
    const [account, id] = arn.split(":key/")
    return arn === identifier || id === identifier || aliases.some((alias) => isAlias(alias, account ?? ""))
  })

  function isAlias(alias: string, account: string): boolean {
    return identifier === alias || identifier === `${account}:${alias}`
  }
}

/** What binds everything encrypted for an integration to it. */
export function encryptionContext(integration: Integration): Record<string, string> {
  return {
    ...integration.additionalEncryptionContext,
    "aws:redshift:integration:arn": integration.arn,
    "aws:servicename:id": integration.service === "rds" ? "RDS" : "Redshift",
  }
}
