import type { Caller } from "../control-plane/control-plane.ts"
import type { WireRequest, WireResponse } from "../wire/http/message.ts"

/** A request whose signature holds. */
export interface SignedCall {
  request: WireRequest
  caller: Caller
  requestId: string
  /** For the audit trail, where the door has roles of its own; absent: the caller's role. */
  policy?: string
}

export interface DoorAnswer {
  response: WireResponse
  /** For the log; `undefined` when the request names none that exists. */
  operation: string | undefined
  /** The code of the refusal, if it is one. */
  code: string | undefined
}

/** One AWS service: told apart by the service name in the credential scope. */
export interface Door {
  service: string
  /** Never rejects: what goes wrong is answered in the door's own protocol. */
  handle(call: SignedCall): Promise<DoorAnswer>
}
