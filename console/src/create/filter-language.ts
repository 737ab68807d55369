import { StreamLanguage } from "@codemirror/language"

/** Colours of a data filter; whether it can be used, only the server says. */
export const filterLanguage = StreamLanguage.define({
  token(stream) {
    if (stream.match(/\s+/)) return null
    if (stream.match(/(?:include|exclude)(?=\s*:)/i)) return "keyword"
    if (stream.match(/\/(?:\\.|[^/\\])*\/?/)) return "regexp"
    if (stream.match(/"(?:""|[^"])*"?/)) return "string"
    if (stream.match(/[*.,:]/)) return "operator"
    if (stream.match(/[\w$-]+/)) return null
    stream.next()
    return null
  },
})
