import { unreachable } from "../../../src/domain/unreachable.ts"
import type { QueryService } from "../../../src/wire/aws-query/operation.ts"
import type {
  ListShape,
  MapShape,
  Shape,
  StringShape,
  StructureShape,
} from "../../../src/wire/shapes/shape.ts"

/** One parameter set that must be refused, made from the shape data of its operation. */
export interface Attempt {
  operation: string
  what: string
  parameters: Record<string, string>
  code: string
  message: RegExp
}

type Parameters = Record<string, string>
type Broken = Omit<Attempt, "operation">

/** Every way to break every constraint of every operation, each starting from parameters that are accepted. */
export function attemptsOf(service: QueryService, valid: Record<string, Parameters>): Attempt[] {
  return Object.entries(service.operations).flatMap(([operation, { input }]) => {
    const accepted = valid[operation]
    if (accepted === undefined) throw new Error(`say what ${operation} accepts`)
    return Object.entries(input.members)
      .flatMap(([member, shape]) => [
        ...missing(member, input, accepted),
        ...broken(member, shape).map((one) => ({
          ...one,
          // What stands for the member elsewhere would only break it in another way.
          parameters: { ...without(accepted, member), ...one.parameters },
        })),
      ])
      .map((one) => ({ operation, ...one }))
  })
}

function without(parameters: Parameters, member: string): Parameters {
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => name.split(".")[0] !== member))
}

function missing(member: string, input: StructureShape, accepted: Parameters): Broken[] {
  if (input.required?.includes(member) !== true) return []
  const message = new RegExp(`The request must contain the parameter ${member}<`)
  return [
    { what: `${member} missing`, parameters: without(accepted, member), code: "MissingParameter", message },
  ]
}

function broken(place: string, shape: Shape): Broken[] {
  switch (shape.kind) {
    case "string":
      return brokenString(place, shape)
    case "integer":
      return ["", "x", "1.5", "99999999999"].map((text) =>
        refusal(`${place} as "${text}"`, { [place]: text }, "InvalidParameterValue", /Must be an integer/),
      )
    case "boolean":
      return ["", "yes", "1"].map((text) =>
        refusal(`${place} as "${text}"`, { [place]: text }, "InvalidParameterValue", /Must be true or false/),
      )
    case "list":
      return brokenList(place, shape)
    case "map":
      return brokenMap(place, shape)
    case "structure":
      return brokenStructure(place, shape)
    case "timestamp":
      throw new Error("no operation takes a timestamp")
    case "double":
      throw new Error("no operation takes a number with a fraction")
    default:
      return unreachable(shape)
  }
}

function refusal(what: string, parameters: Parameters, code: string, message: RegExp): Broken {
  return { what, parameters, code, message }
}

function constraint(what: string, parameters: Parameters, message: RegExp): Broken {
  return refusal(what, parameters, "ValidationError", message)
}

function brokenString(place: string, shape: StringShape): Broken[] {
  const { min, max, pattern, values } = shape
  const found: Broken[] = []
  if (max !== undefined) {
    const long = { [place]: "a".repeat(max + 1) }
    found.push(constraint(`${place} too long`, long, new RegExp(`length less than or equal to ${max}`)))
  }
  if (min !== undefined && min > 0) {
    const short = { [place]: "a".repeat(min - 1) }
    found.push(constraint(`${place} too short`, short, new RegExp(`length greater than or equal to ${min}`)))
  }
  if (values !== undefined) {
    const [first = ""] = values
    for (const text of [
      "",
      "nothing",
      first === first.toLowerCase() ? first.toUpperCase() : first.toLowerCase(),
    ])
      found.push(constraint(`${place} as "${text}"`, { [place]: text }, /enum value set: \[/))
  } else if (pattern !== undefined) {
    const whole = new RegExp(`^(?:${pattern})$`, "u")
    for (const text of ["\n", "a\nb", "\u{2028}"].filter((one) => !whole.test(one)))
      found.push(
        constraint(
          `${place} as ${JSON.stringify(text)}`,
          { [place]: text },
          /regular expression pattern: |length/,
        ),
      )
  }
  found.push(
    constraint(
      `${place} with a control character`,
      { [place]: `${"a".repeat(12)}\u0001` },
      /pattern|control|length|enum/,
    ),
    refusal(`${place} as a list`, { [`${place}.member.1`]: "a" }, "InvalidQueryParameter", /single value/),
  )
  return found
}

function brokenList(place: string, { item, itemName, max }: ListShape): Broken[] {
  const first = `${place}.${itemName}.1`
  const scalar = refusal(`${place} as a scalar`, { [place]: "a" }, "InvalidQueryParameter", /is a list/)
  const otherName = refusal(
    `${place} under another item name`,
    { [`${place}.thing.1`]: "a" },
    "InvalidQueryParameter",
    new RegExp(`${place}.${itemName}.1`),
  )
  const unnumbered = refusal(
    `${place} without a number`,
    { [`${place}.${itemName}.first`]: "a" },
    "InvalidQueryParameter",
    /numbered from 1/,
  )
  const numbers = Array.from({ length: (max ?? 0) + 1 }, (_, at) => at + 1)
  const many = numbers.map((at) => minimal(`${place}.${itemName}.${at}`, item))
  const tooMany = constraint(
    `${place} with ${numbers.length} members`,
    Object.assign({}, ...many),
    new RegExp(`length less than or equal to ${max}`),
  )
  return [scalar, otherName, unnumbered, ...(max === undefined ? [] : [tooMany]), ...broken(first, item)]
}

function brokenMap(place: string, { max }: MapShape): Broken[] {
  const entry = (at: number) => ({
    [`${place}.entry.${at}.key`]: `k${at}`,
    [`${place}.entry.${at}.value`]: "v",
  })
  const entries = Array.from({ length: (max ?? 0) + 1 }, (_, at) => entry(at + 1))
  return [
    refusal(`${place} as a scalar`, { [place]: "a" }, "InvalidQueryParameter", /is a list/),
    refusal(
      `${place} without a value`,
      { [`${place}.entry.1.key`]: "a" },
      "InvalidQueryParameter",
      /exactly a key and a value/,
    ),
    refusal(
      `${place} with a key twice`,
      { ...entry(1), [`${place}.entry.2.key`]: "k1", [`${place}.entry.2.value`]: "w" },
      "InvalidQueryParameter",
      /more than once/,
    ),
    ...(max === undefined
      ? []
      : [constraint(`${place} with ${max + 1} entries`, Object.assign({}, ...entries), /length less than/)]),
  ]
}

function brokenStructure(place: string, shape: StructureShape): Broken[] {
  const accepted = minimal(place, shape)
  const inner = Object.entries(shape.members).flatMap(([name, member]) => {
    const at = `${place}.${name}`
    const others = Object.fromEntries(
      Object.entries(accepted).filter(([parameter]) => parameter !== at && !parameter.startsWith(`${at}.`)),
    )
    const absent =
      shape.required?.includes(name) && Object.keys(others).length > 0
        ? [refusal(`${at} missing`, others, "MissingParameter", /The request must contain the parameter/)]
        : []
    return [
      ...absent,
      ...broken(at, member).map((one) => ({ ...one, parameters: { ...others, ...one.parameters } })),
    ]
  })
  const unknown = { ...accepted, [`${place}.Unknown`]: "a" }
  return [
    ...inner,
    refusal(
      `${place} with an unknown member`,
      unknown,
      "InvalidQueryParameter",
      /not known to this operation/,
    ),
  ]
}

/** The parameters of a value that breaks nothing. */
function minimal(place: string, shape: Shape): Parameters {
  switch (shape.kind) {
    case "string":
      return { [place]: shape.values?.[0] ?? "a" }
    case "list":
      return minimal(`${place}.${shape.itemName}.1`, shape.item)
    case "structure": {
      const names = shape.required ?? Object.keys(shape.members).slice(0, 1)
      const members = names.map((name) => {
        const member = shape.members[name]
        return member === undefined ? {} : minimal(`${place}.${name}`, member)
      })
      return Object.assign({}, ...members)
    }
    default:
      throw new Error(`no list in scope has members that are a ${shape.kind}`)
  }
}
