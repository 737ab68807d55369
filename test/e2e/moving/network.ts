import { execFileSync, spawn, spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import type { TestContext } from "node:test"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import type { Site } from "./hosts.ts"

/** The kinds of servers that a host has a wire of its own to. */
export const wires = ["state", "warehouse", "sources"] as const
export type WireName = (typeof wires)[number]

/** A host with an address of its own: a network namespace. */
export interface NetworkHost {
  site: Site
  /** The address at which it finds servers of that kind. */
  addressOf(wire: WireName): string
  /** The wires swallow everything, in both directions, and nobody is told. */
  cut(names: readonly WireName[]): void
  /** 200 ms there and 200 ms back, one packet of a hundred lost. */
  slow(): void
  mend(): void
}

/** Why there can be none here; `undefined`: there can. */
export function noNetwork(): string | undefined {
  if (process.getuid?.() !== 0) return "network namespaces need root"
  for (const [command, args] of [
    ["ip", ["netns", "list"]],
    ["python3", ["--version"]],
  ] as const)
    if (spawnSync(command, args).status !== 0)
      return `it needs ${command} (${[command, ...args].join(" ")} failed)`
  return existsSync("/dev/net/tun") ? undefined : "it needs /dev/net/tun"
}

const octetsPerHost = 4

/** `index`: 0 for the first host of this process. */
export async function newNetworkHost(
  context: TestContext,
  name: string,
  index: number,
): Promise<NetworkHost> {
  const namespace = `mr${process.pid}${name}`
  const third = (wire: number) => (process.pid % 50) * 5 + wire
  const second = 100 + index * octetsPerHost
  const subnet = (wire: number) => `10.${second}.${third(wire)}`
  const ip = (...args: string[]) => execFileSync("ip", args)
  ip("netns", "add", namespace)
  atEnd(context, async () => void ip("netns", "del", namespace))
  const devices = wires.map(
    (_, wire) => [`o${process.pid}${name}${wire}`, `i${process.pid}${name}${wire}`] as const,
  )
  const forwarder = spawn(
    "python3",
    [
      join(import.meta.dirname, "wire.py"),
      ...devices.map(([outside, inside]) => `${outside}:${inside}:${namespace}`),
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  )
  atEnd(context, async () => void forwarder.stdin.end())
  let printed = ""
  forwarder.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text
  })
  await waitUntil(() => printed.includes("ready"), { what: "the wires to be there" })
  ip("-n", namespace, "link", "set", "lo", "up")
  for (const [wire, [outside, inside]] of devices.entries()) {
    ip("addr", "add", `${subnet(wire)}.1/30`, "dev", outside)
    ip("link", "set", outside, "up")
    ip("-n", namespace, "addr", "add", `${subnet(wire)}.2/30`, "dev", inside)
    ip("-n", namespace, "link", "set", inside, "up")
  }
  const say = (names: readonly WireName[], mode: string) =>
    forwarder.stdin.write(names.map((one) => `${wires.indexOf(one)} ${mode}\n`).join(""))
  return {
    site: { name, wrapper: ["ip", "netns", "exec", namespace] },
    addressOf: (wire) => `${subnet(wires.indexOf(wire))}.1`,
    cut: (names) => void say(names, "drop"),
    slow: () => void say(wires, "slow 200 1"),
    mend: () => void say(wires, "pass"),
  }
}
