/** What the server writes into the page: the path prefix of a reverse proxy (`""` or `/prefix`), the nonce of its policy. */
export const basePath = contentOf("base-path").replace(/\/$/, "")
export const cspNonce = contentOf("csp-nonce")

function contentOf(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? ""
}
