import { randomBytes } from "node:crypto"

interface Change {
  number: number
  data: string
}

/** Changes in their order, as many as fit. Numbers count up and are never used for two states. */
export interface ChangeLog {
  keep(data: string): void
  /** Nobody was told from here on: who comes back is told everything. */
  forget(): void
  newest(): number
  /** The first change after that one. */
  after(number: number): Change | undefined
  /** Whether changes after that one are gone already. */
  misses(number: number): boolean
  /** For `Last-Event-ID`. */
  idOf(number: number): string
  /** `undefined`: an id of another process, or of one whose followers are not known any more. */
  numberOf(id: string): number | undefined
}

export function newChangeLog(bytesAtMost: number): ChangeLog {
  /** Ids of another process, or of this one before its restart, mean nothing here. */
  const place = randomBytes(6).toString("hex")
  let kept: Change[] = []
  let bytes = 0
  let newest = 0

  const oldest = () => kept[0]?.number ?? newest + 1

  return {
    keep(data) {
      newest++
      kept.push({ number: newest, data })
      bytes += data.length
      while (bytes > bytesAtMost && kept.length > 1) bytes -= kept.shift()?.data.length ?? 0
    },
    forget() {
      kept = []
      bytes = 0
      newest++
    },
    newest: () => newest,
    after: (number) => kept.find((one) => one.number > number),
    misses: (number) => number < oldest() - 1,
    idOf: (number) => `${place}-${number}`,
    numberOf(id) {
      const [of, digits = ""] = id.split("-")
      const number = of === place && /^[0-9]{1,15}$/.test(digits) ? Number(digits) : undefined
      return number === undefined || number > newest || number < oldest() - 1 ? undefined : number
    },
  }
}
