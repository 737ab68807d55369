import { Fault, type FaultKind } from "../domain/faults.ts"
import { ResourceFault, type ResourceFaultKind } from "../resources/faults.ts"
import { PgError, type SqlState } from "../wire/pgwire/pg-error.ts"

/** How each fault travels over the SQL port; a kind without a row does not compile. */
const sqlStates: Record<FaultKind, SqlState> = {
  accessDenied: "42501",
  checksFailed: "55000",
  clusterNotFound: "42704",
  conflictingOperation: "55006",
  integrationExists: "42P04",
  integrationInWrongState: "55000",
  integrationNotFound: "42704",
  invalidCombination: "42601",
  invalidNamespace: "22023",
  invalidPolicy: "22023",
  invalidTag: "22023",
  invalidValue: "22023",
  kmsKeyNotAccessible: "58000",
  missingParameter: "22023",
  partnerNotFound: "42704",
  partnerUnauthorized: "42501",
  quotaExceeded: "53400",
  resourceNotFound: "42704",
  sourceNotFound: "42704",
  tagLimitExceeded: "54000",
  targetNotFound: "42704",
  unavailable: "57P03",
  unsupported: "0A000",
  validation: "22023",
}

/** A service's refusal as PostgreSQL would say it; anything else as it is. */
export function faultAsPgError(error: unknown): unknown {
  return error instanceof Fault ? new PgError(sqlStates[error.kind], error.message) : error
}

const statesOfResources: Record<ResourceFaultKind, SqlState> = {
  alreadyExists: "42710",
  clientTokenConflict: "22023",
  concurrentModification: "55000",
  concurrentOperation: "55006",
  invalidRequest: "22023",
  notFound: "42704",
  notStabilized: "55000",
  notUpdatable: "22023",
  requestTokenNotFound: "42704",
  typeNotFound: "42704",
  unsupportedAction: "0A000",
}

/** As above, of the services of resources too. */
export function resourceFaultAsPgError(error: unknown): unknown {
  if (!(error instanceof ResourceFault)) return faultAsPgError(error)
  return new PgError(statesOfResources[error.kind], error.message)
}
