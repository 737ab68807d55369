/** Why a signature was not accepted; each wire protocol has its own code for each. */
export type SignatureProblemKind =
  | "missing"
  | "incomplete"
  | "unknownKey"
  | "mismatch"
  | "expired"
  | "tokenRefused"
  | "malformedRequest"

export interface SignatureProblem {
  kind: SignatureProblemKind
  /** Safe to send: names no secret and nothing that was computed from one. */
  message: string
}

export function problem(kind: SignatureProblemKind, message: string): SignatureProblem {
  return { kind, message }
}
