import { useSyncExternalStore } from "react"
import { basePath } from "../api/base-path.ts"

/** Where the person is: one variant per page. */
export type Place =
  | { page: "overview" }
  | { page: "integration"; id: string }
  | { page: "query" }
  | { page: "create" }
  | { page: "sources" }
  | { page: "unknown"; path: string }

export function placeOf(pathname: string): Place {
  const path = pathname
    .slice(basePath.length)
    .replace(/^\/console/, "")
    .replace(/^\/+|\/+$/g, "")
  if (path === "" || path === "sign-in") return { page: "overview" }
  if (path === "query" || path === "create" || path === "sources") return { page: path }
  const id = /^integrations\/([^/]+)$/.exec(path)?.[1]
  return id === undefined ? { page: "unknown", path } : { page: "integration", id: decodeURIComponent(id) }
}

export function pathOf(place: Place): string {
  switch (place.page) {
    case "overview":
      return `${basePath}/console/`
    case "integration":
      return `${basePath}/console/integrations/${encodeURIComponent(place.id)}`
    case "query":
    case "create":
    case "sources":
      return `${basePath}/console/${place.page}`
    case "unknown":
      return `${basePath}/console/${place.path}`
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
