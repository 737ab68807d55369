/** A call that changes something, as it came in. */
export interface AuditedCall {
  requestId: string
  /** The API it came through: rds, redshift, millrace, governance. */
  door: string
  operation: string
  accessKeyId: string
  policy: string
  /** The client's network address; undefined where it cannot be told. */
  address: string | undefined
  /** What it is about, as the caller named it. */
  resource: string | undefined
  /** As given, long texts cut; no secret is a parameter of any operation. */
  parameters: object
}

/** What a call changed, without secrets; `undefined`: there was, or is, nothing. */
export interface AuditedChange {
  before: object | undefined
  after: object | undefined
}

/** How a call ended. */
export interface AuditedEnd {
  /** `ok`, or the code of the refusal. */
  outcome: string
  resource: string | undefined
  /** Of a call that was refused: what is kept of it. */
  refused?: RefusedCall | undefined
  /** Of calls whose door tells it. */
  change?: AuditedChange | undefined
}

export interface AuditEntry extends AuditedCall, Partial<AuditedChange> {
  id: number
  at: Date
  /** `ok`, the code of the refusal, or undefined: the process ended before the call did. */
  outcome: string | undefined
}

/** How much of the trail is kept: what is older or more goes. */
export interface AuditRetention {
  /** Of calls that were carried out, or may have been. Of refused calls a tenth of it: they push no change out. */
  rows: number
  days: number
}

/** What the trail keeps of a call that was refused, in place of what it kept when the call came in. */
export interface RefusedCall extends Pick<AuditedCall, "accessKeyId" | "resource"> {
  /** Small: whoever is refused must not fill the trail. */
  parameters: object
}

/** Whether an outcome says that nothing was changed. */
export function isRefusal(outcome: string): boolean {
  return outcome !== "ok" && outcome !== "internal"
}

export const usualAuditRetention: AuditRetention = { rows: 100_000, days: 90 }
