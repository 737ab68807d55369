/** How a partner fares with a database, in the cloud's words. */
export const partnerStatuses = ["Active", "Inactive", "RuntimeFailure", "ConnectionFailure"] as const

export type PartnerStatus = (typeof partnerStatuses)[number]

/** Which partner, on which database of which cluster. */
export interface PartnerKey {
  cluster: string
  database: string
  partner: string
}

/** A partner that may load into one database and report how that goes. */
export interface Partner extends PartnerKey {
  status: PartnerStatus
  statusMessage: string | undefined
  createdAt: Date
  /** When the partner last reported; until then when it was added. */
  updatedAt: Date
}
