import type Handlebars from "handlebars"
import { type SourceObject, type SourceValue, sourceAt, textOf } from "./source-path.ts"
import { readTemplate, TemplateError } from "./template.ts"

/** The text of a field; undefined: the object has none. */
export type ValueReader = (source: SourceObject) => { text: string } | { failed: string } | undefined

const prefix = "_source."

/** Reads what a field's `Source` names: `_source.path`, or a template. @throws TemplateError */
export function readerOf(handlebars: typeof Handlebars, source: string): ValueReader {
  if (source.includes("{{")) return templateReader(handlebars, source)
  const whole = source.startsWith(prefix) ? source.slice(prefix.length) : source
  const path = whole.split(".")
  return (object) => {
    // A name with dots in it comes before a path.
    const value = Object.hasOwn(object, whole) ? object[whole] : sourceAt(object, path)
    return textReader(value)
  }
}

function textReader(value: SourceValue | undefined): ReturnType<ValueReader> {
  try {
    const text = textOf(value)
    return text === undefined ? undefined : { text }
  } catch (error) {
    if (error instanceof RangeError) return { failed: "it is nested too deeply" }
    throw error
  }
}

function templateReader(handlebars: typeof Handlebars, source: string): ValueReader {
  const template = readTemplate(handlebars, source)
  return (object) => {
    try {
      const text = template(object).trim()
      return text === "" ? undefined : { text }
    } catch (error) {
      if (error instanceof TemplateError) return { failed: error.message }
      throw error
    }
  }
}
