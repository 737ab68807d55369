import type { KnownGovernance } from "../../../control-plane/governance/enforcement/governance-watch.ts"
import type { SqlAccess } from "../../../control-plane/sql-users/sql-access.ts"
import type { Person } from "../../../governance/model/person.ts"
import type { GovernanceFacts } from "../../../state/governance/facts.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { Governance, GovernedTables } from "../../governed-tables.ts"
import type { SessionSettings } from "../session/settings.ts"

/** Whose eyes one session reads governed tables with. */
export interface Impersonation {
  /** The warehouse account of the person who is impersonated now; `undefined`: nobody, the session reads for its own user. */
  account(): string | undefined
  /** Throws PgError: 42501 the user may not, or the person may not be impersonated; 42704 there is no such person. */
  begin(name: string): string
  end(): void
  /** What the session's user may do meanwhile: an administrator no more than read. */
  rights(own: Rights): Rights
  /** Governed tables as the person sees them. A statement that was planned before it began or ended holds no longer. */
  governed(own: GovernedTables): GovernedTables
  /** RESET ALL and DISCARD ALL end it: whoever takes the session from a pool begins as its user. */
  settings(own: SessionSettings): SessionSettings
}

interface Rights {
  now(): Promise<SqlAccess>
}

export interface ImpersonationOptions {
  /** The session's own. */
  user: string
  isAdministrator(user: string): boolean
  /** Absent: nothing is governed, and nobody is impersonated. */
  known?(): KnownGovernance
}

/** As long as a token of the governance API. */
const lastsMs = 12 * 3_600_000

interface Begun {
  account: string
  untilMs: number
}

/** For one session; ends with it, after 12 hours, and as soon as its user may impersonate no more. */
export function impersonation(options: ImpersonationOptions): Impersonation {
  let begun: Begun | undefined

  function account(): string | undefined {
    if (begun === undefined) return undefined
    if (performance.now() < begun.untilMs && stillMay(options)) return begun.account
    begun = undefined
    return undefined
  }

  const end = () => {
    begun = undefined
  }

  return {
    account,
    begin: (name) => {
      const target = targetOf(options, name)
      begun = { account: target, untilMs: performance.now() + lastsMs }
      return target
    },
    end,
    rights: (own) => ({
      now: async () => {
        const access = await own.now()
        const isLess = access.isSuperuser && account() !== undefined
        return isLess ? { ...access, isSuperuser: false, readsAll: true } : access
      },
    }),
    governed: (own) => ({ now: () => seenAs(account(), own.now()) }),
    settings: (own) => ({
      ...own,
      reset: (name) => {
        if (name === undefined) end()
        own.reset(name)
      },
    }),
  }
}

/** The account of the person, if the user may impersonate that person. Throws PgError. */
function targetOf(options: ImpersonationOptions, name: string): string {
  const facts = factsOf(options)
  if (!mayImpersonate(options, facts))
    throw new PgError("42501", `permission denied: "${options.user}" may not impersonate`, {
      hint: "It takes the permission IMPERSONATE_USER of the person whose account this is.",
    })
  const target = personNamed(facts.people, name)
  refuseTarget(target, facts, options.isAdministrator)
  return target.warehouseUser
}

function factsOf({ known }: ImpersonationOptions): GovernanceFacts {
  const now = known?.()
  if (now?.kind === "known") return now.facts
  const problem =
    now === undefined
      ? "nothing is governed here: there is nobody to impersonate"
      : `the policies cannot be read: ${now.problem}`
  throw new PgError("42501", problem)
}

function mayImpersonate(
  { user, isAdministrator }: ImpersonationOptions,
  { people, impersonators }: GovernanceFacts,
): boolean {
  if (isAdministrator(user)) return true
  const own = people.find(({ warehouseUser }) => warehouseUser === user.toLowerCase())
  return own !== undefined && !own.isDisabled && impersonators.has(own.id)
}

/** While the policies cannot be read the session stays as it is: tables are closed to it anyway. */
function stillMay(options: ImpersonationOptions): boolean {
  const now = options.known?.()
  return now?.kind !== "known" || mayImpersonate(options, now.facts)
}

function seenAs(target: string | undefined, now: Governance): Governance {
  if (now.kind !== "on" || target === undefined) return now
  return { kind: "on", version: `${now.version} as ${target}`, view: (table) => now.view(table, target) }
}

/** By user id, or by account. */
function personNamed(people: readonly Person[], name: string): Person {
  const named = people.filter(({ userId }) => userId === name)
  if (named.length > 1)
    throw new PgError("42725", `several people are called "${name}": name one by the account in warehouses`)
  const found = named[0] ?? people.find(({ warehouseUser }) => warehouseUser === name.toLowerCase())
  if (found === undefined) throw new PgError("42704", `there is no user "${name}" to impersonate`)
  return found
}

/** No chains: who may impersonate others is not impersonated. */
function refuseTarget(
  { id, userId, warehouseUser, isDisabled }: Person,
  { impersonators }: GovernanceFacts,
  isAdministrator: ImpersonationOptions["isAdministrator"],
): void {
  if (isDisabled) throw new PgError("42501", `the user "${userId}" is disabled`)
  if (impersonators.has(id) || isAdministrator(warehouseUser))
    throw new PgError(
      "42501",
      `the user "${userId}" may impersonate others, or administers, and is not impersonated`,
    )
}
