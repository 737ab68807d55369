import { Fault } from "../../domain/faults.ts"

/** Bytes of UTF-8. What is looked up by an index must be short. */
const nameLimit = 500
const iamLimit = 127
const valueLimit = 1_000

/** @throws Fault validation: what people give as a name is empty, too long, or no text at all */
export function checkedName(what: string, name: string, limit = nameLimit): string {
  if (name.trim() === "") throw new Fault("validation", `The ${what} is empty.`)
  if (name.includes("\0") || !name.isWellFormed()) {
    throw new Fault("validation", `The ${what} has a character that no text may have.`)
  }
  if (Buffer.byteLength(name) > limit) {
    throw new Fault("validation", `The ${what} is longer than ${limit} bytes.`)
  }
  return name
}

/** @throws Fault validation */
export function checkedIam(iamId: string): string {
  return checkedName("directory's id (iamid)", iamId, iamLimit)
}

/** @throws Fault validation */
export function checkedAttribute({ name, value }: { name: string; value: string }) {
  return {
    name: checkedName("attribute's name", name),
    value: checkedName("attribute's value", value, valueLimit),
  }
}

/** Tags and purposes: parts of a name are told apart by dots, and none is empty. @throws Fault validation */
export function checkedPath(what: string, name: string): string {
  checkedName(what, name)
  if (name.split(".").some((part) => part.trim() === "")) {
    throw new Fault("validation", `The ${what} ${name} has an empty part between its dots.`)
  }
  return name
}
