import type { Configuration } from "../../domain/configuration.ts"

/** How the parts of a process follow a configuration that is read again. */
export interface Reloads {
  /** Gets ready what the next configuration needs, before anything changes. What it throws refuses the reload. */
  onPrepare(work: (next: Configuration) => Promise<void>): void
  /** Follows what the process's configuration has become. */
  onApply(work: () => void | Promise<void>): void
  /** `takeOver`: changes the process's configuration, between the two. */
  run(next: Configuration, takeOver: () => void): Promise<void>
}

export function newReloads(): Reloads {
  const prepare: ((next: Configuration) => Promise<void>)[] = []
  const apply: (() => void | Promise<void>)[] = []
  return {
    onPrepare: (work) => void prepare.push(work),
    onApply: (work) => void apply.push(work),
    async run(next, takeOver) {
      for (const work of prepare) await work(next)
      takeOver()
      for (const work of apply) await work()
    },
  }
}
