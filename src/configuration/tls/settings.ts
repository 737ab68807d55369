/** How a connection to a server is protected, from nothing to a certificate that is of that very host. */
export const tlsModes = ["off", "prefer", "require", "verify-ca", "verify-full"] as const
export type TlsMode = (typeof tlsModes)[number]

/** TLS of connections to one server. */
export interface TlsSettings {
  /** `allow` is only written in a url: without TLS, unless the server wants it. */
  mode: TlsMode | "allow"
  /** Path of a PEM file: the authorities that the server's certificate may come from. `system`: those of this machine. */
  ca?: string
  /** Paths of PEM files: what is shown to a server that asks who comes. */
  cert?: string
  key?: string
  /** Of an encrypted key. */
  keyPassword?: string
}

/** How an engine's URLs write it: the names of parameters, and the words for modes. */
export interface TlsParameters {
  mode: string
  ca: string
  cert: string
  key: string
  keyPassword?: string
  words: Readonly<Record<TlsMode, string>>
  /** Other words that are read; in small letters. */
  synonyms?: Readonly<Record<string, TlsSettings["mode"]>>
  /** Whether a mode that only encrypts verifies where an authority is named, as libpq's `require` does. */
  verifiesByCa: boolean
}

/** As the PostgreSQL client library reads them (its manual, "Parameter Key Words"); `no-verify` is the Node driver's own word. */
export const libpqTls: TlsParameters = {
  mode: "sslmode",
  ca: "sslrootcert",
  cert: "sslcert",
  key: "sslkey",
  keyPassword: "sslpassword",
  words: {
    off: "disable",
    prefer: "prefer",
    require: "require",
    "verify-ca": "verify-ca",
    "verify-full": "verify-full",
  },
  synonyms: { allow: "allow", "no-verify": "require" },
  verifiesByCa: true,
}

/** What a URL says of TLS; undefined: nothing. A word that is not known is left to `tlsMistake`. */
export function tlsOfUrl(url: URL, parameters: TlsParameters): TlsSettings | undefined {
  const of = (name: string | undefined) =>
    (name === undefined ? undefined : url.searchParams.get(name)) || undefined
  const word = of(parameters.mode)
  const [ca, cert, key] = [of(parameters.ca), of(parameters.cert), of(parameters.key)]
  const keyPassword = of(parameters.keyPassword)
  if ((word ?? ca ?? cert ?? key) === undefined) return undefined
  const files = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(keyPassword !== undefined && { keyPassword }),
  }
  return { mode: modeOf(word, ca, parameters), ...files }
}

function modeOf(
  word: string | undefined,
  ca: string | undefined,
  parameters: TlsParameters,
): TlsSettings["mode"] {
  const read = word === undefined ? undefined : modeOfWord(word, parameters)
  // Authorities of the machine know every host of the internet by name: less than the name proves nothing.
  if (ca === "system" && parameters.verifiesByCa) return "verify-full"
  if (read === "require" && ca !== undefined && parameters.verifiesByCa) return "verify-ca"
  return read ?? usualMode(ca)
}

/** Of who names files and no mode. */
function usualMode(ca: string | undefined): TlsMode {
  return ca === undefined ? "require" : "verify-full"
}

function modeOfWord(word: string, { words, synonyms = {} }: TlsParameters): TlsSettings["mode"] | undefined {
  const small = word.toLowerCase()
  const found = tlsModes.find((mode) => words[mode].toLowerCase() === small)
  return found ?? (Object.hasOwn(synonyms, small) ? synonyms[small] : undefined)
}

/** What is wrong with a URL's parameters of TLS, without repeating a value; undefined: nothing. */
export function tlsMistake(url: URL, parameters: TlsParameters): string | undefined {
  const { mode, ca, cert, key, words, synonyms = {} } = parameters
  const given = (name: string) => url.searchParams.get(name) || undefined
  const word = given(mode)
  if (word !== undefined && modeOfWord(word, parameters) === undefined) {
    const known = [...Object.values(words), ...Object.keys(synonyms).filter((one) => one !== "no-verify")]
    return `has an ${mode} that is none of ${known.join(", ")}`
  }
  if ((given(cert) === undefined) !== (given(key) === undefined))
    return `must have both ${cert} and ${key}, or neither`
  if (parameters.verifiesByCa && word === words["verify-ca"] && given(ca) === undefined)
    return `has ${mode}=${word} and no ${ca}: name the file of the authority that it is to be verified by, or use ${words["verify-full"]}, which takes well-known authorities too`
  return undefined
}

/** The URL with these settings in place of its own. */
export function urlWithTls(text: string, tls: TlsSettings, parameters: TlsParameters): string {
  const url = new URL(text)
  const set = (name: string | undefined, value: string | undefined) => {
    if (name === undefined) return
    if (value === undefined) url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  }
  set(parameters.mode, tls.mode === "allow" ? "allow" : parameters.words[tls.mode])
  set(parameters.ca, tls.ca)
  set(parameters.cert, tls.cert)
  set(parameters.key, tls.key)
  set(parameters.keyPassword, tls.keyPassword)
  return url.href
}

/** The settings with what is left out. */
export function wholeTls({
  mode,
  ...files
}: Partial<TlsSettings & { mode: TlsMode }>): TlsSettings & { mode: TlsMode } {
  return { mode: mode ?? usualMode(files.ca), ...files }
}
