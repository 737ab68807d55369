import type Handlebars from "handlebars"
import type { parsePhoneNumberFromString } from "libphonenumber-js/min"

/** What reads telephone numbers and templates. Loading it takes tens of milliseconds, which only a process that maps objects spends. */
export interface MappingLibraries {
  parsePhone: typeof parsePhoneNumberFromString
  handlebars: typeof Handlebars
}

let loading: Promise<MappingLibraries> | undefined

/** The same for everybody. */
export function mappingLibraries(): Promise<MappingLibraries> {
  loading ??= load()
  return loading
}

async function load(): Promise<MappingLibraries> {
  const [phones, { default: handlebars }] = await Promise.all([
    import("libphonenumber-js/min"),
    import("handlebars"),
  ])
  return { parsePhone: phones.parsePhoneNumberFromString, handlebars: quiet(handlebars) }
}

/** What a template may not reach is no news: the library would write a line about it to the terminal. */
function quiet(handlebars: typeof Handlebars): typeof Handlebars {
  handlebars.logger.level = Number.MAX_SAFE_INTEGER
  return handlebars
}
