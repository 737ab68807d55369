/** How a refusal travels: `code` is what SDKs dispatch on. `sender`: the caller's fault, not ours. */
export interface FaultCode {
  code: string
  status: number
  sender: boolean
}

export interface WireFault extends FaultCode {
  message: string
}

/** The codes that every awsQuery service shares. */
export const commonFaults = {
  AccessDenied: { code: "AccessDenied", status: 403, sender: true },
  IncompleteSignature: { code: "IncompleteSignature", status: 400, sender: true },
  InternalFailure: { code: "InternalFailure", status: 500, sender: false },
  InvalidAction: { code: "InvalidAction", status: 400, sender: true },
  InvalidClientTokenId: { code: "InvalidClientTokenId", status: 403, sender: true },
  InvalidParameterCombination: { code: "InvalidParameterCombination", status: 400, sender: true },
  InvalidParameterValue: { code: "InvalidParameterValue", status: 400, sender: true },
  InvalidQueryParameter: { code: "InvalidQueryParameter", status: 400, sender: true },
  MalformedQueryString: { code: "MalformedQueryString", status: 404, sender: true },
  MissingAction: { code: "MissingAction", status: 400, sender: true },
  MissingAuthenticationToken: { code: "MissingAuthenticationToken", status: 403, sender: true },
  MissingParameter: { code: "MissingParameter", status: 400, sender: true },
  RequestEntityTooLarge: { code: "RequestEntityTooLarge", status: 413, sender: true },
  RequestExpired: { code: "RequestExpired", status: 400, sender: true },
  ServiceUnavailable: { code: "ServiceUnavailable", status: 503, sender: false },
  SignatureDoesNotMatch: { code: "SignatureDoesNotMatch", status: 403, sender: true },
  Throttling: { code: "Throttling", status: 400, sender: true },
  ValidationError: { code: "ValidationError", status: 400, sender: true },
} as const satisfies Record<string, FaultCode>

export type CommonFault = keyof typeof commonFaults

export function wireFault(code: CommonFault, message: string): WireFault {
  return { ...commonFaults[code], message }
}
