import type Handlebars from "handlebars"
import type { SourceObject } from "./source-path.ts"

/** A template that was read. @throws TemplateError: it cannot be carried out for this object */
export type Template = (source: SourceObject) => string

/** Why a template is refused, or fails for an object. Safe to show. */
export class TemplateError extends Error {}

/** More turns of loops, or a longer result, end the template. */
const turnsAtMost = 10_000
const charactersAtMost = 16_384
const templateCharactersAtMost = 4_096
const depthAtMost = 8

const blocks = ["if", "unless", "each", "with"]
const helpers = new Set([...blocks, "lookup"])

/**
 * Reads a template: Handlebars with `if`, `unless`, `each`, `with` and `lookup`, `_source` being the object. Values are not escaped.
 * Nothing of a prototype is reached, and no template or object makes it take long.
 *
 * @throws TemplateError
 */
export function readTemplate(handlebars: typeof Handlebars, text: string): Template {
  if (text.length > templateCharactersAtMost)
    throw new TemplateError(`a template has at most ${templateCharactersAtMost} characters`)
  const program = parsed(handlebars, text)
  requireKnown(program, 0)
  const budget = { turns: 0 }
  const instance = handlebars.create()
  for (const name of Object.keys(instance.helpers)) if (!helpers.has(name)) instance.unregisterHelper(name)
  instance.registerHelper("each", boundedEach(budget))
  const run = instance.compile(program, {
    noEscape: true,
    knownHelpersOnly: true,
    knownHelpers: Object.fromEntries([...helpers].map((name) => [name, true])),
  })
  return (source) => {
    budget.turns = 0
    try {
      return bounded(run({ _source: source }))
    } catch (error) {
      if (error instanceof TemplateError) throw error
      // Values without a text, nested too deeply: an object may hold any JSON.
      throw new TemplateError("the template cannot be carried out for this object")
    }
  }
}

function parsed(handlebars: typeof Handlebars, text: string): hbs.AST.Program {
  try {
    return handlebars.parse(text)
  } catch {
    throw new TemplateError("the template is not valid")
  }
}

/** @throws TemplateError */
function requireKnown({ body }: hbs.AST.Program, depth: number): void {
  if (depth > depthAtMost) throw new TemplateError(`blocks are nested more than ${depthAtMost} deep`)
  for (const statement of body) {
    switch (statement.type) {
      case "ContentStatement":
      case "CommentStatement":
        break
      case "MustacheStatement":
        requireCall(statement as hbs.AST.MustacheStatement, ["lookup"])
        break
      case "BlockStatement":
        requireBlock(statement as hbs.AST.BlockStatement, depth)
        break
      default:
        throw new TemplateError("only values and the blocks if, unless, each and with are allowed")
    }
  }
}

function requireBlock(block: hbs.AST.BlockStatement, depth: number): void {
  if (block.params.length !== 1 || !requireCall(block, blocks))
    throw new TemplateError("only the blocks if, unless, each and with are allowed, with one value each")
  requireKnown(block.program, depth + 1)
  // `undefined` where there is no else, whatever the types say.
  const inverse: hbs.AST.Program | undefined = block.inverse
  if (inverse !== undefined) requireKnown(inverse, depth + 1)
}

/** Whether a helper is called: then one of these, with values only. @throws TemplateError */
function requireCall(
  { path, params, hash }: Pick<hbs.AST.MustacheStatement, "path" | "params" | "hash">,
  allowed: readonly string[],
): boolean {
  // `undefined` where there is none, whatever the types say.
  const named: hbs.AST.Hash | undefined = hash
  if (params.length === 0 && named === undefined) return false
  const name = path.type === "PathExpression" ? (path as hbs.AST.PathExpression).original : ""
  if (!allowed.includes(name) || named !== undefined)
    throw new TemplateError("the template calls what is no helper here")
  for (const param of params) {
    if (param.type !== "SubExpression") continue
    requireCall(param as hbs.AST.SubExpression, ["lookup"])
  }
  return true
}

/** As the library's own, over lists and objects, with a limit for all loops of one run. */
function boundedEach(budget: { turns: number }): Handlebars.HelperDelegate {
  return function each(this: unknown, list: unknown, options: Handlebars.HelperOptions): string {
    const entries = typeof list === "object" && list !== null ? Object.entries(list) : []
    if (entries.length === 0) return options.inverse(this)
    let text = ""
    entries.forEach(([key, value], index) => {
      budget.turns += 1
      if (budget.turns > turnsAtMost)
        throw new TemplateError(`the template's loops make more than ${turnsAtMost} turns`)
      const data = { key, index, first: index === 0, last: index === entries.length - 1 }
      text = bounded(
        text + options.fn(value, { data: { ...options.data, ...data }, blockParams: [value, key] }),
      )
    })
    return text
  }
}

function bounded(text: string): string {
  if (text.length <= charactersAtMost) return text
  throw new TemplateError(`the result has more than ${charactersAtMost} characters`)
}
