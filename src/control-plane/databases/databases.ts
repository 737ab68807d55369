import { Fault } from "../../domain/faults.ts"
import type { Tag } from "../../domain/integration.ts"
import { parseSourceArn } from "../../domain/text-forms/arn.ts"
import type { DatabaseAddress, RdsTraits } from "../../engines/source-engine.ts"
import type { Caller, ControlPlane } from "../control-plane.ts"
import { requireReader } from "../sql-users/roles.ts"

/** A configured source as its API shows it: no user, no password. */
export interface DescribedDatabase
  extends DatabaseAddress,
    Pick<RdsTraits, "instanceEngine" | "clusterEngine"> {
  arn: string
  /** The last part of the ARN. */
  name: string
  tags: Tag[]
}

/**
 * The configured sources of a kind, or the one named (by name or ARN, without regard to case).
 *
 * @throws Fault accessDenied, sourceNotFound.
 */
export async function describeDatabases(
  plane: ControlPlane,
  caller: Caller,
  kind: "db" | "cluster",
  identifier: string | undefined,
): Promise<DescribedDatabase[]> {
  requireReader(caller, "describe databases")
  const found = plane.sources
    .flatMap((source) => {
      const arn = parseSourceArn(source.arn)
      const engine = plane.sourceEngines.named(source.engine)
      const rds = engine?.delivery === "tables" ? engine.rds : undefined
      if (arn?.kind !== kind || rds === undefined) return []
      const { instanceEngine, clusterEngine } = rds
      return [{ arn: source.arn, name: arn.name, instanceEngine, clusterEngine, ...rds.addressOf(source) }]
    })
    .filter(({ name, arn }) => identifier === undefined || isNamed(identifier, name, arn))
  if (identifier !== undefined && found.length === 0) {
    throw new Fault("sourceNotFound", `No source ${identifier.slice(0, 255)} is configured.`)
  }
  const tags = await plane.store.tags.ofAll(found.map(({ arn }) => arn))
  return found.map((one) => ({ ...one, tags: tags.get(one.arn) ?? [] }))
}

function isNamed(identifier: string, ...names: string[]): boolean {
  return names.some((name) => name.toLowerCase() === identifier.toLowerCase())
}
