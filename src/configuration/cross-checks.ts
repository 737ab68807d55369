import type { Configuration, HostPort } from "../domain/configuration.ts"
import { defaultKeyArn } from "../domain/default-key.ts"
import { parseArn, parseSourceArn, parseTargetArn } from "../domain/text-forms/arn.ts"
import type { PlacedMistake } from "./references.ts"

/** What is wrong only in sight of the rest: things that must differ, and regions that must not. */
export function crossChecks(configuration: Configuration): PlacedMistake[] {
  const { credentials, sqlUsers, sources, warehouses, region } = configuration
  return [
    ...repeated(
      "credentials",
      "access_key_id",
      credentials.map((one) => one.accessKeyId),
    ),
    ...repeated(
      "kms_keys",
      "arn",
      configuration.kmsKeys.map((one) => one.arn),
    ),
    ...repeatedAliases(configuration.kmsKeys),
    ...defaultKeys(configuration),
    ...repeated(
      "sql_users",
      "name",
      sqlUsers.map((one) => one.name),
    ),
    ...repeated(
      "sources",
      "arn",
      sources.map((one) => one.arn),
    ),
    ...repeated(
      "warehouses",
      "arn",
      warehouses.map((one) => one.arn),
    ),
    ...repeated(
      "warehouses",
      "cluster",
      warehouses.map((one) => one.cluster),
    ),
    ...repeated(
      "warehouses",
      "path",
      warehouses.map((one) => one.path),
    ),
    ...otherRegions(
      "sources",
      region,
      // A bucket's ARN names no region.
      sources.map(({ arn }) => parseSourceArn(arn)?.region ?? (parseArn(arn)?.region || region)),
    ),
    ...otherRegions(
      "warehouses",
      region,
      warehouses.map(({ arn }) => parseTargetArn(arn)?.region),
    ),
    ...sameListener(configuration),
  ]
}

/** Integrations without a key show this one: a key of that ARN would look as if it encrypted them. */
function defaultKeys({ kmsKeys, account, region }: Configuration): PlacedMistake[] {
  const taken = defaultKeyArn({ account, region })
  return kmsKeys.flatMap(({ arn }, at) =>
    arn === taken
      ? [
          {
            path: ["kms_keys", at, "arn"],
            message: "is what integrations without a key show; choose another",
          },
        ]
      : [],
  )
}

function repeatedAliases(keys: Configuration["kmsKeys"]): PlacedMistake[] {
  const seen = new Set<string>()
  return keys.flatMap(({ aliases }, at) =>
    aliases.flatMap((alias) => {
      if (!seen.has(alias)) return seen.add(alias) && []
      return [{ path: ["kms_keys", at, "aliases"], message: `${alias} stands at another key already` }]
    }),
  )
}

/** Entries without a value repeat none. */
function repeated(list: string, key: string, values: (string | undefined)[]): PlacedMistake[] {
  return values.flatMap((value, at) => {
    const first = values.indexOf(value)
    return value === undefined || first === at
      ? []
      : [{ path: [list, at, key], message: `is the same as ${list}[${first}].${key}` }]
  })
}

/** Source, target and the API share a region; the cloud refuses anything else. */
function otherRegions(list: string, region: string, found: (string | undefined)[]): PlacedMistake[] {
  return found.flatMap((one, at) =>
    one === region
      ? []
      : [{ path: [list, at, "arn"], message: `is in region ${one}, but region is ${region}` }],
  )
}

function sameListener({ listen }: Configuration): PlacedMistake[] {
  const listeners = [
    { key: "http", at: listen.http },
    { key: "sql", at: listen.sql },
    { key: "health", at: listen.health },
    { key: "worker_health", at: listen.workerHealth },
  ]
  return listeners.flatMap(({ key, at }, index) => {
    const same = listeners.slice(0, index).find((other) => isSame(at, other.at))
    return same === undefined ? [] : [{ path: ["listen", key], message: `is the same as listen.${same.key}` }]
  })
}

function isSame(one: HostPort | undefined, other: HostPort | undefined): boolean {
  return one !== undefined && one.port !== 0 && one.port === other?.port && one.host === other.host
}
