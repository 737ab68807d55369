import { unreachable } from "../../domain/unreachable.ts"
import type { Field } from "../../wire/pgwire/session.ts"
import type { SessionCommand } from "./session-commands.ts"
import type { SessionSettings } from "./settings.ts"
import type { Transaction } from "./transaction.ts"
import { oids } from "./value-types.ts"

export interface Answer {
  rows: (string | null)[][]
  tag: string
}

export interface AnswerContext {
  settings: SessionSettings
  transaction: Transaction
  /** Applies a changed search_path to the engine. */
  applySearchPath(): Promise<void>
  /** Values to put back when the transaction ends (SET LOCAL). */
  localValues: Map<string, string>
}

export function textField(name: string): Field {
  return { name, typeOid: oids.text, typeSize: -1, typeModifier: -1 }
}

/** The columns of an answer; `undefined`: none. */
export function answerFields(command: SessionCommand): Field[] | undefined {
  if (command.kind === "show") return [textField(command.name)]
  return command.kind === "showAll" ? ["name", "setting", "description"].map(textField) : undefined
}

const done = (tag: string): Answer => ({ rows: [], tag })

async function set(
  command: Extract<SessionCommand, { kind: "set" }>,
  context: AnswerContext,
): Promise<Answer> {
  const { settings } = context
  const before = settings.get(command.name)
  if (command.value === undefined) settings.reset(command.name)
  else settings.set(command.name, command.value)
  if (command.local && before !== undefined && !context.localValues.has(command.name)) {
    context.localValues.set(command.name, before)
  }
  if (command.name.toLowerCase() === "search_path") await context.applySearchPath()
  return done("SET")
}

async function restoreLocal(context: AnswerContext): Promise<void> {
  const names = [...context.localValues.keys()]
  for (const [name, value] of context.localValues) context.settings.set(name, value)
  context.localValues.clear()
  if (names.some((name) => name.toLowerCase() === "search_path")) await context.applySearchPath()
}

async function end(chain: boolean, context: AnswerContext, tag: () => Promise<string>): Promise<Answer> {
  const said = await tag()
  await restoreLocal(context)
  if (chain) await context.transaction.begin(false)
  return done(said)
}

/** Does what a session command says. Throws PgError. */
export async function answer(command: SessionCommand, context: AnswerContext): Promise<Answer> {
  const { settings, transaction } = context
  if (command.kind !== "commit" && command.kind !== "rollback") transaction.assertUsable()
  switch (command.kind) {
    case "begin":
      await transaction.begin(command.readOnly || settings.get("default_transaction_read_only") === "on")
      return done(command.tag)
    case "commit":
      return end(command.chain, context, () => transaction.commit())
    case "rollback":
      return end(command.chain, context, async () => {
        await transaction.rollback()
        return "ROLLBACK"
      })
    case "set":
      return set(command, context)
    case "setTransaction":
      if (command.session && command.readOnly !== undefined) {
        settings.set("default_transaction_read_only", command.readOnly ? "on" : "off")
      } else if (command.readOnly && transaction.status() === "T") {
        await transaction.rollback()
        await transaction.begin(true)
      }
      return done("SET")
    case "show": {
      const value = settings.get(command.name)
      if (value === undefined) settings.reset(command.name)
      return { rows: [[value ?? ""]], tag: "SHOW" }
    }
    case "showAll":
      return { rows: settings.all().map(({ name, value }) => [name, value, ""]), tag: "SHOW" }
    case "reset":
      settings.reset(command.name)
      await context.applySearchPath()
      return done("RESET")
    case "discard":
      settings.reset(undefined)
      await context.applySearchPath()
      return done(`DISCARD ${command.what}`)
    case "deallocate":
      return done(command.name === undefined ? "DEALLOCATE ALL" : "DEALLOCATE")
    default:
      return unreachable(command)
  }
}
