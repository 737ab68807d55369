import type { Kysely } from "kysely"
import type { StateSchema } from "../schema.ts"
import { type IdentityJobStore, identityJobStore } from "./jobs.ts"
import { type MatchKeyRows, matchKeyRows } from "./match-keys.ts"
import { type MatchKind, type MatchRows, matchRows } from "./matches.ts"
import { type MatchingStore, matchingStore } from "./matchings.ts"

/** Which profiles match. */
export interface IdentityStore {
  matchings: MatchingStore
  /** @param matching the matching's number */
  keys(matching: number): MatchKeyRows
  /** @param domain the domain's number */
  matches(domain: number, kind: MatchKind): MatchRows
  jobs: IdentityJobStore
}

export function identityStore(db: Kysely<StateSchema>): IdentityStore {
  return {
    matchings: matchingStore(db),
    keys: (matching) => matchKeyRows(db, matching),
    matches: (domain, kind) => matchRows(db, domain, kind),
    jobs: identityJobStore(db),
  }
}
