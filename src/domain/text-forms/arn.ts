/**
 * Amazon resource names, taken apart by splitting at colons and not by one large pattern: every expression below is
 * a single class or cannot overlap with itself, so no input makes it slow.
 */
export interface Arn {
  partition: string
  service: string
  region: string
  account: string
  /** Everything after the fifth colon; may hold colons and slashes. */
  resource: string
}

/** A database server that rows come from, as the RDS API names it. */
export interface SourceArn {
  kind: "db" | "cluster"
  region: string
  account: string
  name: string
}

/** A warehouse, as both APIs name it. */
export interface TargetArn {
  service: "redshift" | "redshift-serverless"
  region: string
  account: string
  namespace: string
}

export interface IntegrationArn {
  service: string
  region: string
  account: string
  id: string
}

/** The most characters of a source's ARN. */
export const sourceArnMaxLength = 255
const targetArnLength = { min: 20, max: 2048 }
const arnMaxLength = 2048
const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const integrationNamePattern = /^[a-zA-Z][a-zA-Z0-9]*(-[a-zA-Z0-9]+)*$/
const integrationNameMaxLength = 63

export function parseArn(text: string): Arn | undefined {
  if (text.length > arnMaxLength) return undefined
  const [prefix, partition, service, region, account, ...resource] = text.split(":")
  if (prefix !== "arn" || partition === undefined || !/^aws[a-z-]*$/.test(partition)) return undefined
  if (service === undefined || region === undefined || account === undefined) return undefined
  if (service === "" || resource.length === 0 || resource.join(":") === "") return undefined
  return { partition, service, region, account, resource: resource.join(":") }
}

export function formatArn(arn: Arn): string {
  return ["arn", arn.partition, arn.service, arn.region, arn.account, arn.resource].join(":")
}

/** `arn:aws:rds:us-east-1:123456789012:db:orders`, or `cluster:` in place of `db:`. */
export function parseSourceArn(text: string): SourceArn | undefined {
  if (text.length > sourceArnMaxLength) return undefined
  const arn = parseArn(text)
  if (arn === undefined || !/^rds(-[a-z]*)?$/.test(arn.service)) return undefined
  if (!/^[a-z0-9-]*$/.test(arn.region) || !/^[0-9]*$/.test(arn.account)) return undefined
  const [kind, name, ...more] = arn.resource.split(":")
  if ((kind !== "db" && kind !== "cluster") || name === undefined || more.length > 0) return undefined
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) return undefined
  return { kind, region: arn.region, account: arn.account, name }
}

/** `arn:aws:redshift:…:namespace:<id>` or `arn:aws:redshift-serverless:…:namespace/<id>`; either mark with either service. */
export function parseTargetArn(text: string): TargetArn | undefined {
  if (text.length < targetArnLength.min || text.length > targetArnLength.max) return undefined
  const arn = parseArn(text)
  if (arn === undefined) return undefined
  const { service, region, account } = arn
  if (service !== "redshift" && service !== "redshift-serverless") return undefined
  if (!/^[a-z0-9-]+$/.test(region) || !/^[0-9]{12}$/.test(account)) return undefined
  const namespace = /^namespace[:/]([a-z0-9-]+)$/.exec(arn.resource)?.[1]
  return namespace === undefined ? undefined : { service, region, account, namespace }
}

/** An integration's own ARN: a colon, not a slash, before the lower-case UUID. */
export function integrationArn(of: IntegrationArn): string {
  return formatArn({ partition: "aws", ...of, resource: `integration:${of.id}` })
}

export function parseIntegrationArn(text: string): IntegrationArn | undefined {
  const arn = parseArn(text)
  if (arn === undefined || !/^[a-z0-9-]+$/.test(arn.region) || !/^[0-9]{12}$/.test(arn.account))
    return undefined
  const [kind, id, ...more] = arn.resource.split(":")
  if (kind !== "integration" || id === undefined || more.length > 0 || !isUuid(id)) return undefined
  return { service: arn.service, region: arn.region, account: arn.account, id }
}

/** Lower case only, as integration ids are. */
export function isUuid(text: string): boolean {
  return uuidPattern.test(text)
}

/** Letters, digits and single inner hyphens, a letter first; 1 to 63 characters. */
export function isIntegrationName(text: string): boolean {
  return text.length <= integrationNameMaxLength && integrationNamePattern.test(text)
}
