import type { Caller } from "../../../control-plane/control-plane.ts"
import { requireAdmin } from "../../../control-plane/sql-users/roles.ts"
import type { DeadLetterRecord, LetterChoice } from "../../../state/profile-flows/dead-letters.ts"
import type { LockedDomain } from "../../../state/profiles/profile-store.ts"
import type { Store } from "../../../state/store.ts"
import { ingestInto } from "../../ingest/ingest.ts"

export interface Replay {
  /** Taken now, and dead letters no longer. */
  replayed: number
  /** Refused again; each says why it is now. */
  refused: number
}

const lettersAtOnce = 1_000

/**
 * Takes objects of dead letters as their types are now, oldest first. A letter goes in the transaction that takes its object: repeated, or
 * killed anywhere, nothing comes twice.
 *
 * @throws Fault accessDenied, resourceNotFound (domain), unavailable
 */
export async function replayDeadLetters(
  store: Pick<Store, "profiles" | "deadLetters">,
  caller: Caller,
  choice: LetterChoice,
): Promise<Replay> {
  requireAdmin(caller, "replay dead letters of customer profiles")
  const all: Replay = { replayed: 0, refused: 0 }
  let after = "0"
  for (;;) {
    const page = { after, limit: lettersAtOnce }
    const some = await store.profiles.change(choice.domain, async (locked) => {
      const letters = await store.deadLetters.take(locked.transaction, choice, page)
      return { last: letters.at(-1)?.number, ...(await replayed(store, locked, caller, letters)) }
    })
    if (some.last === undefined) return all
    after = some.last
    all.replayed += some.replayed
    all.refused += some.refused
  }
}

async function replayed(
  { deadLetters }: Pick<Store, "deadLetters">,
  locked: LockedDomain,
  caller: Caller,
  letters: readonly DeadLetterRecord[],
): Promise<Replay> {
  const known = new Set((await locked.types.all()).map(({ name }) => name))
  const taken: string[] = []
  for (const run of runsOf(letters)) {
    const [first] = run
    // Its type is gone: it stays as it is.
    if (first === undefined || !known.has(first.objectType)) continue
    const asked = {
      domain: first.domain,
      objectType: first.objectType,
      integrationUri: first.integrationUri,
      performedBy: caller.name,
      deadLetters: "none" as const,
    }
    const outcomes = await ingestInto(
      locked,
      asked,
      run.map(({ object }) => object),
    )
    for (const [index, outcome] of outcomes.entries()) {
      const number = run[index]?.number ?? ""
      if (outcome.kind === "rejected")
        await deadLetters.explain(locked.transaction, number, outcome.rejection)
      else taken.push(number)
    }
  }
  await deadLetters.remove(locked.transaction, taken)
  return { replayed: taken.length, refused: letters.length - taken.length }
}

/** Letters that follow one another and are of one type and one integration. */
function runsOf(letters: readonly DeadLetterRecord[]): DeadLetterRecord[][] {
  const runs: DeadLetterRecord[][] = []
  for (const letter of letters) {
    const last = runs.at(-1)
    const [other] = last ?? []
    if (
      last !== undefined &&
      other?.objectType === letter.objectType &&
      other.integrationUri === letter.integrationUri
    )
      last.push(letter)
    else runs.push([letter])
  }
  return runs
}
