/**
 * What a caller may be told when a request is refused: a closed list. Each front door maps every kind to its
 * own wire code in a `Record<FaultKind, …>`, so a kind without a code does not compile.
 */
export const faultKinds = [
  "accessDenied",
  "checksFailed",
  "clusterNotFound",
  "conflictingOperation",
  "integrationExists",
  "integrationInWrongState",
  "integrationNotFound",
  "invalidCombination",
  "invalidNamespace",
  "invalidPolicy",
  "invalidTag",
  "invalidValue",
  "kmsKeyNotAccessible",
  "missingParameter",
  "partnerNotFound",
  "partnerUnauthorized",
  "quotaExceeded",
  "resourceNotFound",
  "sourceNotFound",
  "tagLimitExceeded",
  "targetNotFound",
  "unavailable",
  "unsupported",
  "validation",
] as const

export type FaultKind = (typeof faultKinds)[number]

/** A refused request. `message` is safe to send to the caller; `detail` is for our own log and is never sent. */
export class Fault extends Error {
  readonly kind: FaultKind
  readonly detail: string | undefined

  constructor(kind: FaultKind, message: string, detail?: string) {
    super(message)
    this.name = "Fault"
    this.kind = kind
    this.detail = detail
  }
}
