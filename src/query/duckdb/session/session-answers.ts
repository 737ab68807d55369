import { unreachable } from "../../../domain/unreachable.ts"
import type { Field } from "../../../wire/pgwire/session.ts"
import type { Answer } from "../../contract.ts"
import type { Cursors } from "../portals/cursors.ts"
import { oids } from "../values/value-types.ts"
import type { SessionCommand } from "./session-commands.ts"
import { readOnlySetting, type SessionSettings } from "./settings.ts"
import type { Transaction } from "./transaction.ts"

export interface AnswerContext {
  settings: SessionSettings
  transaction: Transaction
  /** Brings the engine to what the settings say now. */
  applySettings(): Promise<void>
  cursors: Pick<Cursors, "closeAll">
  /** Values to put back when the transaction ends (SET LOCAL). */
  localValues: Map<string, string>
  /** Names of prepared statements to let go of; `undefined`: all. */
  released: (string | undefined)[]
}

export function textField(name: string): Field {
  return { name, typeOid: oids.text, typeSize: -1, typeModifier: -1 }
}

/** The columns of an answer; `undefined`: none. */
export function answerFields(command: SessionCommand): Field[] | undefined {
  if (command.kind === "show") return [textField(command.name)]
  return command.kind === "showAll" ? ["name", "setting", "description"].map(textField) : undefined
}

const actsInEngine = (name: string) => ["search_path", "timezone"].includes(name.toLowerCase())

const done = (tag: string): Answer => ({ rows: [], tag })

async function set(
  command: Extract<SessionCommand, { kind: "set" }>,
  context: Omit<AnswerContext, "cursors" | "released">,
): Promise<Answer> {
  const { settings } = context
  const before = settings.get(command.name)
  if (command.value === undefined) settings.reset(command.name)
  else settings.set(command.name, command.value)
  if (command.local && before !== undefined && !context.localValues.has(command.name)) {
    context.localValues.set(command.name, before)
  }
  if (!actsInEngine(command.name)) return done("SET")
  try {
    await context.applySettings()
  } catch (error) {
    if (before !== undefined) settings.set(command.name, before)
    throw error
  }
  return done("SET")
}

/** SET for functions that set. */
export function changeSetting(context: Omit<AnswerContext, "cursors" | "released">) {
  return async ({ name, value, isLocal }: { name: string; value: string; isLocal: boolean }) => {
    await set({ kind: "set", name, value, local: isLocal }, context)
  }
}

async function restoreLocal(context: AnswerContext): Promise<void> {
  const names = [...context.localValues.keys()]
  for (const [name, value] of context.localValues) context.settings.set(name, value)
  context.localValues.clear()
  if (names.some(actsInEngine)) await context.applySettings()
}

async function end(chain: boolean, context: AnswerContext, tag: () => Promise<string>): Promise<Answer> {
  const said = await tag()
  await restoreLocal(context)
  if (chain) await context.transaction.begin(context.settings.get(readOnlySetting) === "on")
  return done(said)
}

function letGoOfAll({ cursors, released }: AnswerContext): void {
  cursors.closeAll()
  released.push(undefined)
}

/** Does what a session command says. Throws PgError. */
export async function answer(command: SessionCommand, context: AnswerContext): Promise<Answer> {
  const { settings, transaction } = context
  if (!["commit", "rollback", "rollbackTo"].includes(command.kind)) transaction.assertUsable()
  switch (command.kind) {
    case "begin":
      await transaction.begin(command.readOnly ?? settings.get(readOnlySetting) === "on")
      return done(command.tag)
    case "commit":
      return end(command.chain, context, () => transaction.commit())
    case "rollback":
      return end(command.chain, context, async () => {
        await transaction.rollback()
        return "ROLLBACK"
      })
    case "savepoint":
      transaction.savepoint(command.name)
      return done("SAVEPOINT")
    case "release":
      transaction.release(command.name)
      return done("RELEASE")
    case "rollbackTo":
      await transaction.rollbackTo(command.name)
      return done("ROLLBACK")
    case "set":
      return set(command, context)
    case "setTransaction":
      if (command.session && command.readOnly !== undefined) {
        settings.set(readOnlySetting, command.readOnly ? "on" : "off")
      } else if (command.readOnly !== undefined && transaction.status() === "T") {
        await transaction.setMode(command.readOnly)
      }
      return done("SET")
    case "show": {
      if (command.name.toLowerCase() === "transaction_read_only")
        return { rows: [[transaction.isReadOnly() ? "on" : "off"]], tag: "SHOW" }
      const value = settings.get(command.name)
      if (value === undefined) settings.reset(command.name)
      return { rows: [[value ?? ""]], tag: "SHOW" }
    }
    case "showAll":
      return { rows: settings.all().map(({ name, value }) => [name, value, ""]), tag: "SHOW" }
    case "reset":
      settings.reset(command.name)
      await context.applySettings()
      return done("RESET")
    case "discard":
      if (command.what === "ALL") letGoOfAll(context)
      settings.reset(undefined)
      await context.applySettings()
      return done(`DISCARD ${command.what}`)
    case "deallocate":
      context.released.push(command.name)
      return done(command.name === undefined ? "DEALLOCATE ALL" : "DEALLOCATE")
    case "nothing":
      return done(command.tag)
    default:
      return unreachable(command)
  }
}
