import { useSyncExternalStore } from "react"
import { basePath } from "../api/base-path.ts"

/** Pages whose path is their name. */
export const plainPages = ["query", "create", "sources", "health", "audit", "access", "settings"] as const
export type PlainPage = (typeof plainPages)[number]

/** Where the person is: one variant per page. */
export type Place =
  | { page: "overview" }
  | { page: "integration"; id: string }
  | { page: PlainPage }
  | { page: "unknown"; path: string }

export function placeOf(pathname: string): Place {
  const path = pathname
    .slice(basePath.length)
    .replace(/^\/console/, "")
    .replace(/^\/+|\/+$/g, "")
  if (path === "" || path === "sign-in") return { page: "overview" }
  const plain = plainPages.find((one) => one === path)
  if (plain !== undefined) return { page: plain }
  const id = /^integrations\/([^/]+)$/.exec(path)?.[1]
  return id === undefined ? { page: "unknown", path } : { page: "integration", id: decodeURIComponent(id) }
}

export function pathOf(place: Place): string {
  switch (place.page) {
    case "overview":
      return `${basePath}/console/`
    case "integration":
      return `${basePath}/console/integrations/${encodeURIComponent(place.id)}`
    case "unknown":
      return `${basePath}/console/${place.path}`
    default:
      return `${basePath}/console/${place.page}`
  }
}

const moved = "millrace-moved"

export function goTo(place: Place): void {
  history.pushState(null, "", pathOf(place))
  dispatchEvent(new Event(moved))
  scrollTo(0, 0)
}

function subscribe(listener: () => void): () => void {
  addEventListener("popstate", listener)
  addEventListener(moved, listener)
  return () => {
    removeEventListener("popstate", listener)
    removeEventListener(moved, listener)
  }
}

export function usePlace(): Place {
  return placeOf(useSyncExternalStore(subscribe, () => location.pathname))
}
