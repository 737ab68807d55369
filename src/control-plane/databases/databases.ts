import { type DatabaseSource, isDatabaseSource } from "../../domain/configuration.ts"
import { Fault } from "../../domain/faults.ts"
import type { Tag } from "../../domain/integration.ts"
import { parseSourceArn } from "../../domain/text-forms/arn.ts"
import type { Caller, ControlPlane } from "../control-plane.ts"
import { requireReader } from "../sql-users/roles.ts"

/** A configured source as its API shows it: no user, no password. */
export interface DescribedDatabase {
  arn: string
  /** The last part of the ARN. */
  name: string
  engine: string
  host: string
  /** Undefined: the engine's usual one. */
  port: number | undefined
  /** Undefined: the server's usual one. */
  database: string | undefined
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
    .filter(isDatabaseSource)
    .flatMap((source) => {
      const arn = parseSourceArn(source.arn)
      return arn?.kind === kind ? [{ source, name: arn.name }] : []
    })
    .filter(({ source, name }) => identifier === undefined || isNamed(identifier, name, source.arn))
  if (identifier !== undefined && found.length === 0) {
    throw new Fault("sourceNotFound", `No source ${identifier.slice(0, 255)} is configured.`)
  }
  const tags = await plane.store.tags.ofAll(found.map(({ source }) => source.arn))
  return found.map(({ source, name }) => ({ ...placeOf(source), name, tags: tags.get(source.arn) ?? [] }))
}

function isNamed(identifier: string, ...names: string[]): boolean {
  return names.some((name) => name.toLowerCase() === identifier.toLowerCase())
}

function placeOf({ arn, engine, url }: DatabaseSource) {
  const { hostname, port, pathname } = new URL(url)
  return {
    arn,
    engine,
    host: hostname,
    port: port === "" ? undefined : Number(port),
    database: decodeURIComponent(pathname.slice(1)) || undefined,
  }
}
