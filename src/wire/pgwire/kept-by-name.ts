import type { Holding } from "./admission/user-shares.ts"
import { PgError } from "./pg-error.ts"

/** The prepared statements, or the portals, that a client keeps open in its session, each in its user's share. */
export interface KeptByName<T> {
  /** Throws PgError where there is none of that name. */
  get(name: string): T
  /**
   * Keeps what `make` gives. One without a name takes the place of the one before it; throws PgError where a name is taken, or
   * too much is kept. `bytes`: what it takes in memory.
   */
  keep(name: string, bytes: number, make: () => Promise<T>): Promise<void>
  /** Also where there is none. */
  close(name: string): void
  closeAll(): void
}

export interface KindOfKept {
  share: "statements" | "portals"
  /** Each holds engine memory; a client that never closes them is told, rather than served until memory ends. */
  atMost: number
  /** What the client is told. */
  missing(name: string): PgError
  taken(name: string): PgError
  tooMany(atMost: number): PgError
}

export const preparedStatements: KindOfKept = {
  share: "statements",
  atMost: 5000,
  missing: (name) => new PgError("26000", `prepared statement "${name}" does not exist`),
  taken: (name) => new PgError("42P05", `prepared statement "${name}" already exists`),
  tooMany: (atMost) => new PgError("54000", `more than ${atMost} prepared statements in one session`),
}

export const openPortals: KindOfKept = {
  share: "portals",
  atMost: 500,
  missing: (name) => new PgError("34000", `portal "${name}" does not exist`),
  taken: (name) => new PgError("42P03", `cursor "${name}" already exists`),
  tooMany: (atMost) => new PgError("54000", `more than ${atMost} open portals`),
}

export function newKeptByName<T extends { close(): void }>(
  kind: KindOfKept,
  holding: Pick<Holding, "keep">,
): KeptByName<T> {
  const kept = new Map<string, { one: T; giveBack(): void }>()

  function close(name: string): void {
    const found = kept.get(name)
    found?.one.close()
    found?.giveBack()
    kept.delete(name)
  }

  return {
    get(name) {
      const found = kept.get(name)
      if (!found) throw kind.missing(name)
      return found.one
    },
    async keep(name, bytes, make) {
      if (name === "") close(name)
      else if (kept.has(name)) throw kind.taken(name)
      if (kept.size >= kind.atMost) throw kind.tooMany(kind.atMost)
      const giveBack = holding.keep({ kind: kind.share, bytes })
      try {
        kept.set(name, { one: await make(), giveBack })
      } catch (error) {
        giveBack()
        throw error
      }
    },
    close,
    closeAll() {
      for (const name of kept.keys()) close(name)
    },
  }
}
