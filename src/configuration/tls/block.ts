import { resolve } from "node:path"
import { z } from "zod"
import type { ServerTls } from "../../domain/configuration.ts"
import { text } from "../values.ts"
import { type TlsParameters, tlsModes, tlsOfUrl, urlWithTls, wholeTls } from "./settings.ts"

/** TLS of connections to a server, as every entry that has a server writes it. */
export const tlsBlock = z
  .strictObject({
    mode: z
      .enum(tlsModes, `must be one of ${tlsModes.join(", ")}`)
      .optional()
      .describe(
        "`require` encrypts, `verify-ca` looks at who issued the certificate too, `verify-full` at its name as well; usual: `verify-full` with `ca`, `require` without",
      ),
    ca: text
      .optional()
      .describe("a PEM file: the authorities that may have issued it; usual: the well-known ones"),
    cert: text.optional().describe("a PEM file: what is shown to a server that demands a client certificate"),
    key: text.optional().describe("the PEM file of its key"),
  })
  .superRefine(({ mode, ca, cert, key }, context) => {
    if ((cert === undefined) !== (key === undefined))
      context.addIssue("must have both cert and key, or neither")
    if (mode === "off" && (ca ?? cert) !== undefined)
      context.addIssue("has mode: off and names files that are for TLS")
    if (mode === "verify-ca" && ca === undefined)
      context.addIssue(
        "has mode: verify-ca and no ca: name the file of the authority, or use verify-full, which takes well-known authorities too",
      )
  })

export type TlsBlock = z.output<typeof tlsBlock>

export const tlsKeys = Object.keys(tlsBlock.shape)

/** The block's settings; paths start from `folder`. */
export function tlsFrom({ mode, ca, cert, key }: TlsBlock, folder: string): ServerTls {
  return wholeTls({
    ...(mode !== undefined && { mode }),
    ...(ca !== undefined && { ca: ca === "system" ? ca : resolve(folder, ca) }),
    ...(cert !== undefined && { cert: resolve(folder, cert) }),
    ...(key !== undefined && { key: resolve(folder, key) }),
  })
}

/** Of an entry that has a url and perhaps a block: one URL that says both, so that no connection can forget the block. */
export function securedUrl(
  { url, tls }: { url: string; tls?: TlsBlock | undefined },
  folder: string,
  parameters: TlsParameters,
): string {
  return tls === undefined ? url : urlWithTls(url, tlsFrom(tls, folder), parameters)
}

/** Refuses what is said twice: which of the two holds would be a guess. For `superRefine`. */
export function saidOnce(parameters: TlsParameters) {
  return (
    { url, tls }: { url: string; tls?: TlsBlock | undefined },
    context: { addIssue(issue: { code: "custom"; path: string[]; message: string }): void },
  ): void => {
    if (tls === undefined || !URL.canParse(url) || tlsOfUrl(new URL(url), parameters) === undefined) return
    context.addIssue({
      code: "custom",
      path: ["tls"],
      message: `is said twice: the url has ${parameters.mode} or files of TLS, too`,
    })
  }
}
