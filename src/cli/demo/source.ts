/** What the demo can be played on: a folder each, and a line in sources.ts. */
export interface Setting {
  /** As people call it. */
  name: string
  usualRows: number
  mostRows: number
  /** In words what this machine lacks for it, and what brings it; undefined: nothing. */
  missing(): Promise<string | undefined>
}

/** One whose tables flow by themselves: a shop is made there. */
export interface DemoSource extends Setting {
  /** Starts a server in a folder that it has for itself, for a shop of so many rows. */
  start(folder: string, totalRows: number, place: CloudPlace): Promise<Shop>
}

/** What the names of the cloud are made of. */
export interface CloudPlace {
  account: string
  region: string
}

/** A source as millrace.yaml lists it. */
export interface SourceEntry {
  arn: string
  engine: string
  [key: string]: unknown
}

/** A running server, and the shop that is made in it. */
export interface Shop {
  /** Name and version. */
  server: string
  port: number
  /** How many, in words. */
  tables: string
  entry: SourceEntry
  /** The API that takes such sources, with what it is told of this one. */
  creation: { api: "rds"; dataFilter: string } | { api: "redshift"; sourceArn?: string }
  /** Makes the shop and fills it. */
  seed(): Promise<void>
  traffic: Traffic
  question: Question
  /** Commands that work in a shell in the demo's working directory, and the statement of an example. */
  hints: { change: string; statement: string }
  stop(): Promise<void>
}

export interface Traffic {
  /** Small writes in all. */
  perSecond: number
  openHand(): Promise<Hand>
}

/** One that writes, one thing after another. */
export interface Hand {
  /** Does one of many things that happen in a shop, or one that touches very many rows. False: given up, for another was in the way. */
  write(size: "small" | "big"): Promise<boolean>
  close(): Promise<void>
}

/** What is asked of both sides. */
export interface Question {
  /** As the warehouse understands it. */
  statement: string
  /** As PostgreSQL understands it, where it is the warehouse and does not understand `statement`. */
  inPostgres?: string
  /** How the source's answer is found, where it does not understand the statement. */
  atSource?: string
  openSource(): Promise<Asked>
}

/** A side that can be asked the question. */
export interface Asked {
  ask(): Promise<AnswerTable>
  close(): Promise<void>
}

export interface AnswerTable {
  header: string[]
  rows: (string | null)[][]
}
