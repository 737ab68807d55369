/** A call that changes something, as it came in. */
export interface AuditedCall {
  requestId: string
  /** The API it came through: rds, redshift, millrace. */
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

export interface AuditEntry extends AuditedCall {
  id: number
  at: Date
  /** `ok`, the code of the refusal, or undefined: the process ended before the call did. */
  outcome: string | undefined
}

/** How much of the trail is kept: what is older or more goes. */
export interface AuditRetention {
  rows: number
  days: number
}

export const usualAuditRetention: AuditRetention = { rows: 100_000, days: 90 }
