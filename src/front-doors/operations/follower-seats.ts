import type { Caller } from "../../control-plane/control-plane.ts"
import { Fault } from "../../domain/faults.ts"

const seatsAtMost = 100
/** Of one access key. */
const seatsPerKey = 25
/** On top of all: administrators follow the events also when others have taken every seat. */
const administratorSeats = 10

/** Who follows the events: each has a connection and a question to the state database now and then. */
export interface FollowerSeats {
  /** Returns what gives the seat back; repeatable. @throws Fault unavailable */
  take(caller: Caller): () => void
}

export function followerSeats(): FollowerSeats {
  const ofKey = new Map<string, number>()
  let taken = 0

  return {
    take: ({ name, role }) => {
      const own = ofKey.get(name) ?? 0
      if (own >= seatsPerKey) {
        throw new Fault("unavailable", `The access key ${name} already follows the events ${own} times.`)
      }
      const all = role === "admin" ? seatsAtMost + administratorSeats : seatsAtMost
      if (taken >= all) throw new Fault("unavailable", `Already ${taken} follow the events.`)
      taken++
      ofKey.set(name, own + 1)
      let isTaken = true
      return () => {
        if (!isTaken) return
        isTaken = false
        taken--
        const left = (ofKey.get(name) ?? 1) - 1
        if (left > 0) ofKey.set(name, left)
        else ofKey.delete(name)
      }
    },
  }
}
