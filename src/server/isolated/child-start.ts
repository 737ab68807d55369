import type { Configuration, HostPort } from "../../domain/configuration.ts"
import type { RefusedStatement } from "../../supervisor/blamed-statements.ts"
import type { ProcessRole } from "../roles.ts"

/** `api`: the HTTP port. `engine`: the SQL port and the pipelines. */
export const childNames = ["api", "engine"] as const
export type ChildName = (typeof childNames)[number]

export const childRoles: Record<ChildName, readonly ProcessRole[]> = {
  api: ["api"],
  engine: ["sql", "worker"],
}

/** What a process is given. Configuration is read by the supervisor alone: a replaced process runs with what its neighbour has. */
export interface ChildStart {
  name: ChildName
  /** With generated credentials. Plain data: it is copied into the process. */
  configuration: Configuration
  stateUrl: string
  /** Statements that ended the engine twice. */
  refused: RefusedStatement[]
  /** The file in which the engine tells which statements run. */
  statements: string
}

/** What a process has when it is ready. */
export interface ChildFacts {
  http?: HostPort
  sql?: HostPort
}

/** How often a process says that its event loop turns; in ms. */
export const aliveEveryMs = 250
