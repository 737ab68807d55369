/** What is known of a request before anything is done: under which prefix it came, whether it may be answered, whether it is ours. */
import { BlockList, isIP, isIPv6 } from "node:net"
import type { ConsoleConfiguration } from "../../domain/console/roles.ts"
import { isLoopback } from "../../domain/loopback.ts"
import { headerValue, headerValues, mediaType, type WireRequest } from "../../wire/http/message.ts"
import { Refused } from "./answers.ts"

const prefixForm = /^(\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+){1,20}$/
const prefixLimit = 200

/** The path under which a reverse proxy shows this port: what it sends, or what is configured; empty: none. */
export function prefixOf(request: WireRequest, configured: string): string {
  const [sent, ...more] = headerValues(request, "x-forwarded-prefix")
  const plain = sent?.replace(/\/$/, "")
  if (plain === undefined || more.length > 0) return configured
  return plain.length <= prefixLimit && prefixForm.test(plain) ? plain : configured
}

/** The path without the prefix, where the proxy has left it. */
export function pathWithin(path: string, prefix: string): string {
  if (prefix === "" || !(path === prefix || path.startsWith(`${prefix}/`))) return path
  return path.slice(prefix.length) || "/"
}

/** The request as its client sent it: its address, and whether it spoke TLS, as far as proxies may say so. */
export function asSent(request: WireRequest, trusted: BlockList): WireRequest {
  const { address } = request
  const isProxy = address !== undefined && isIn(trusted, address)
  if (!isProxy) return { ...request, isSecure: isSecure(request) }
  return {
    ...request,
    address: forwardedFor(request, trusted) ?? address,
    isSecure: request.isSecure === true || saysSecure(request),
  }
}

export function trustedList(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = "", bits] = network.split("/")
    const family = isIPv6(address) ? "ipv6" : "ipv4"
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}

/** Each proxy adds whom it was asked by at the end: the last one that no trusted proxy is. What stands before it anybody may have written. */
function forwardedFor(request: WireRequest, trusted: BlockList): string | undefined {
  const named = headerValues(request, "x-forwarded-for").flatMap((value) => value.split(","))
  for (const one of named.map((text) => text.trim()).reverse()) {
    if (isIP(one) === 0) return undefined
    if (!isIn(trusted, one)) return one
  }
  return undefined
}

function isIn(list: BlockList, given: string): boolean {
  const address = given.replace(/^::ffff:(?=[0-9.]+$)/i, "")
  return list.check(address, isIPv6(address) ? "ipv6" : "ipv4")
}

/** Whether the browser speaks TLS: to us, or to a proxy on this machine that says so. */
export function isSecure(request: WireRequest): boolean {
  return request.isSecure === true || (isLocal(request) && saysSecure(request))
}

function saysSecure(request: WireRequest): boolean {
  return headerValue(request, "x-forwarded-proto")?.trim().toLowerCase() === "https"
}

function isLocal({ address }: WireRequest): boolean {
  return address !== undefined && isLoopback(address)
}

/** @throws Refused plainRefused */
export function requirePrivate(request: WireRequest, { allowPlain }: ConsoleConfiguration): void {
  if (allowPlain || isLocal(request) || isSecure(request)) return
  throw new Refused("plainRefused", "The console is shown to other machines over TLS only.", {
    remedy:
      "Begin the address with https:// (listen.tls names the certificate), or put a proxy with TLS on this machine in front.",
  })
}

/**
 * A page of another site must not act by the cookie of a person's browser. Browsers say in `Sec-Fetch-Site` or `Origin` whose page asks;
 * what says neither is no page. @throws Refused crossSite
 */
export function requireSameSite(request: WireRequest): void {
  const site = headerValue(request, "sec-fetch-site")?.trim().toLowerCase()
  if (site !== undefined && site !== "same-origin") throw crossSite()
  const origin = headerValue(request, "origin")
  if (origin === undefined || site === "same-origin") return
  const hosts = [headerValue(request, "host"), headerValue(request, "x-forwarded-host")]
  if (!URL.canParse(origin) || !hosts.includes(new URL(origin).host)) throw crossSite()
}

function crossSite(): Refused {
  return new Refused("crossSite", "This request was sent by a page of another site.")
}

/** A form of another site can send other types, not this one. @throws Refused crossSite */
export function requireJson(request: WireRequest): void {
  if (request.body.length === 0 && request.method === "DELETE") return
  if (mediaType(request) === "application/json") return
  throw new Refused("crossSite", "A change is sent as application/json.")
}
