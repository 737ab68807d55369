import { ownValue } from "../../../domain/own-value.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { copyOfTree, nodesOf, type Tree, type TreeValue } from "../dialect/syntax-tree.ts"
import { isNumberFormat, numberToChar } from "./number-texts.ts"
import {
  become,
  childrenOf,
  constantText,
  dialectCall,
  engineCall,
  numberConstant,
  operatorCall,
  textConstant,
} from "./tree-nodes.ts"

/** How a part of a date is written. */
type Part =
  /** `upper`, `lower` or as it comes; blank-padded to `width`. */
  | { kind: "name"; directive: string; letters: "upper" | "lower" | "asIs"; width: number }
  /** A number with zeros before it up to `width`. */
  | { kind: "number"; of: string; width: number }
  | { kind: "text"; text: string }

interface Form {
  pattern: RegExp
  part: (written: string) => Part
}

const lettersOf = (written: string) =>
  written === written.toUpperCase() ? "upper" : written === written.toLowerCase() ? "lower" : "asIs"

const name = (pattern: RegExp, directive: string, width: number): Form => ({
  pattern,
  part: (written) => ({ kind: "name", directive, letters: lettersOf(written), width }),
})
const number = (pattern: RegExp, of: string, width: number): Form => ({
  pattern,
  part: () => ({ kind: "number", of, width }),
})

/** Longer ones before those they begin with. What numbers are of: the second argument of `date_number`. */
const forms: readonly Form[] = [
  number(/^IYYY/i, "isoyear", 4),
  number(/^YYYY/i, "year", 4),
  number(/^YYY/i, "year3", 3),
  number(/^YY/i, "year2", 2),
  number(/^Y/i, "year1", 1),
  number(/^SSSS/i, "secondOfDay", 1),
  number(/^HH24/i, "hour", 2),
  number(/^HH(12)?/i, "hour12", 2),
  name(/^MONTH/i, "%B", 9),
  name(/^MON/i, "%b", 0),
  number(/^MM/i, "month", 2),
  number(/^MI/i, "minute", 2),
  number(/^MS/i, "millisecond", 3),
  number(/^SS/i, "second", 2),
  number(/^US/i, "microsecond", 6),
  name(/^DAY/i, "%A", 9),
  number(/^DDD/i, "dayofyear", 3),
  number(/^DD/i, "day", 2),
  name(/^DY/i, "%a", 0),
  number(/^D/i, "weekday", 1),
  number(/^IW/i, "week", 2),
  number(/^WW/i, "weekOfYear", 2),
  number(/^W/i, "weekOfMonth", 1),
  number(/^Q/i, "quarter", 1),
  number(/^CC/i, "century", 2),
  number(/^J/i, "julian", 1),
  name(/^[AP]M/i, "%p", 0),
  {
    pattern: /^[AP]\.M\./i,
    part: (written) => ({ kind: "name", directive: "dotted", letters: lettersOf(written), width: 0 }),
  },
  { pattern: /^"([^"]*)"/, part: (written) => ({ kind: "text", text: written.slice(1, -1) }) },
  { pattern: /^[^A-Za-z"]+/, part: (written) => ({ kind: "text", text: written }) },
]

/** The parts of a format. Throws 0A000 for one that is not known: a wrong text would be worse than none. */
export function datePartsOf(format: string): Part[] {
  const parts: Part[] = []
  for (let rest = format; rest !== ""; ) {
    const isFilled = !/^FM/.test(rest)
    if (!isFilled) rest = rest.slice(2)
    const form = forms.find(({ pattern }) => pattern.test(rest))
    const written = form?.pattern.exec(rest)?.[0]
    if (
      form === undefined ||
      written === undefined ||
      (/^[A-Z"]*TH/i.test(rest.slice(written.length)) && form.part(written).kind === "number")
    )
      throw new PgError("0A000", `TO_CHAR with the format "${format}" is not supported at "${rest}"`)
    const part = form.part(written)
    parts.push(isFilled || part.kind === "text" ? part : { ...part, width: part.kind === "name" ? 0 : 1 })
    rest = rest.slice(written.length)
  }
  return parts
}

function written(part: Part, value: TreeValue): Tree {
  switch (part.kind) {
    case "text":
      return textConstant(part.text)
    case "number":
      return dialectCall("date_number", [value, textConstant(part.of), numberConstant(part.width)])
    case "name":
      return dialectCall("date_name", [
        value,
        textConstant(part.directive),
        textConstant(part.letters),
        numberConstant(part.width),
      ])
  }
}

/** What the engine writes just so: pieces of one format. */
const directives: Record<string, string> = {
  isoyear: "%G",
  year: "%Y",
  hour: "%H",
  hour12: "%I",
  month: "%m",
  minute: "%M",
  millisecond: "%g",
  second: "%S",
  microsecond: "%f",
  dayofyear: "%j",
  day: "%d",
  week: "%V",
}

/** undefined: the engine has no directive for it. */
function directiveOf(part: Part): string | undefined {
  switch (part.kind) {
    case "text":
      return part.text.replaceAll("%", "%%")
    case "number":
      return part.width > 1 ? ownValue(directives, part.of) : undefined
    case "name":
      return part.width === 0 &&
        part.directive === (part.letters === "upper" ? "%p" : part.letters === "asIs" ? part.directive : "")
        ? part.directive
        : undefined
  }
}

/** The parts as texts; what the engine writes in one is one call of it. */
function textsOf(parts: readonly Part[], value: TreeValue): Tree[] {
  const texts: Tree[] = []
  let format = ""
  const flush = () => {
    if (format !== "") texts.push(engineCall("strftime", [copyOfTree(value), textConstant(format)]))
    format = ""
  }
  for (const part of parts) {
    const directive = directiveOf(part)
    if (directive !== undefined) {
      format += directive
      continue
    }
    flush()
    texts.push(written(part, copyOfTree(value)))
  }
  flush()
  return texts
}

/** Each part has the value anew. */
const nodesAtMost = 40

/** TO_CHAR of a number, a date, a time or a timestamp with a format that stands in the statement. Throws PgError. */
export function toChar(node: Tree): boolean {
  const [value, format] = childrenOf(node)
  const pattern = constantText(format)
  if (value === undefined || childrenOf(node).length !== 2) return false
  if (pattern === undefined) throw new PgError("0A000", "TO_CHAR takes its format as text in the statement")
  if (isNumberFormat(pattern)) return numberToChar(node, pattern)
  const parts = datePartsOf(pattern)
  if (parts.length > 1 && [...nodesOf(value)].length > nodesAtMost)
    throw new PgError("0A000", "TO_CHAR of so long an expression is not supported", {
      hint: "Compute it in a subquery.",
    })
  const texts = textsOf(parts, value)
  const [first = textConstant(""), ...more] = texts
  return become(
    node,
    more.reduce((before, next) => operatorCall("||", [before, next]), first),
  )
}
