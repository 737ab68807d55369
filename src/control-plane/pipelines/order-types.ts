import type { RefreshScope } from "../databases/refresh-scope.ts"
import type { VerifiedTable } from "./verification-report.ts"

/** What is asked of one pipeline, and what its owner answers; plain JSON, as it stands in the state database. */
export interface OrderTypes {
  /** Resync tables: the one named `schema.table`, or all. */
  resync: { parameters: { table: string | null }; result: ResyncResult }
  /** Resync tables of the destination database. */
  refresh: { parameters: { scope: RefreshScope }; result: { tables: string[] } }
  /** Look at the database's options now. */
  settings: { parameters: Record<string, never>; result: Record<string, never> }
  /** Answer when everything up to a position (null: the source's newest) is visible, or after so long. */
  wait: { parameters: { position: string | null; timeoutMs: number }; result: WaitResult }
  /** Compare tables with the source; `run` tells which orders belong together. */
  verify: { parameters: VerifyParameters; result: VerifyResult }
}

export interface ResyncResult {
  /** How many tables were meant. */
  chosen: number
  /** Those that are being resynced, by name. */
  tables: string[]
  /** Those of which no copy can be made as the source is now. */
  refused: { table: string; reason: string }[]
}

export interface WaitResult {
  reached: boolean
  /** What was waited for. */
  position: string
  visible: string
  /** Tables that are being copied or have failed: what they show may be older. */
  notInStep: string[]
}

export interface VerifyParameters {
  run: string
  table: string | null
  repair: boolean
}

export interface VerifyResult {
  /** Tables to compare; `tables` has those that are done. */
  total: number
  tables: VerifiedTable[]
}
