import { Fault } from "../../domain/faults.ts"
import { brokenConstraint } from "../../state/connection.ts"

/** Who asks: an API key. */
export interface GovernanceCaller {
  name: string
  permissions: readonly string[]
}

/** What a change answers, and what the audit trail keeps of it. */
export interface Changed<T> {
  output: T
  /** What it is about, in a word or two. */
  resource: string
  /** Undefined: there was nothing. Without secrets. */
  before: object | undefined
  /** Undefined: there is nothing. Without secrets. */
  after: object | undefined
}

/** Reads a page; the door checks the numbers. */
export interface PageInput {
  offset: number
  size: number
  isDescending: boolean
}

/** @throws Fault conflictingOperation when the change breaks a constraint that there is a text for */
export async function refusingClashes<T>(
  textOf: (constraint: string) => string | undefined,
  change: () => Promise<T>,
): Promise<T> {
  try {
    return await change()
  } catch (error) {
    const text = textOf(brokenConstraint(error) ?? "")
    if (text === undefined) throw error
    throw new Fault("conflictingOperation", text)
  }
}

export function notFound(what: string, name: string | number): Fault {
  return new Fault("resourceNotFound", `There is no ${what} ${name}.`)
}
