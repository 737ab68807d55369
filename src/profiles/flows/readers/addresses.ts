import { BlockList, isIP } from "node:net"

/** Networks that are not the internet: this host, private ones, those of links and of clouds' own services, and what stands for them in IPv6. */
const internal: readonly [network: string, bits: number][] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 3],
  ["::", 96],
  ["::ffff:0:0", 96],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["2001::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
]

/** One for each version: a rule for IPv4 addresses in IPv6 would hold for all of them. */
const blocked = { 4: new BlockList(), 6: new BlockList() }
for (const [network, bits] of internal) {
  if (isIP(network) === 6) blocked[6].addSubnet(network, bits, "ipv6")
  else blocked[4].addSubnet(network, bits, "ipv4")
}

/** Whether an IP address is of no host of the internet; so is what is no address. */
export function isInternalAddress(address: string): boolean {
  const version = isIP(address)
  if (version === 4) return blocked[4].check(address, "ipv4")
  return version === 0 || blocked[6].check(address, "ipv6")
}
