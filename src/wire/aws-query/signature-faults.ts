import type { SignatureProblem, SignatureProblemKind } from "../sigv4/problem.ts"
import { type CommonFault, type WireFault, wireFault } from "./fault.ts"

const codes: Record<SignatureProblemKind, CommonFault> = {
  missing: "MissingAuthenticationToken",
  incomplete: "IncompleteSignature",
  unknownKey: "InvalidClientTokenId",
  mismatch: "SignatureDoesNotMatch",
  expired: "RequestExpired",
  tokenRefused: "InvalidClientTokenId",
  malformedRequest: "MalformedQueryString",
}

export function signatureFault(problem: SignatureProblem): WireFault {
  return wireFault(codes[problem.kind], problem.message)
}
