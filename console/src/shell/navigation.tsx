import { useState } from "react"
import { isAdmin } from "../api/session.ts"
import type { Session } from "../api/types.ts"
import { Button, Link } from "../display/button.tsx"
import { timeText } from "../display/formats.ts"
import { useNowMs } from "../live/clock.ts"
import { useLive } from "../live/live-context.tsx"
import { texts } from "../texts.ts"
import { Logo } from "./logo.tsx"
import type { Place } from "./router.ts"
import { ThemeChoice } from "./theme-choice.tsx"

interface Item {
  to: Place & { page: Exclude<Place["page"], "integration" | "unknown"> }
  /** A path of a 20 x 20 drawing. */
  icon: string
  isFor(session: Session): boolean
}

const items: readonly Item[] = [
  { to: { page: "overview" }, icon: "M3 10.5 10 4l7 6.5M5 9v7h10V9", isFor: () => true },
  { to: { page: "query" }, icon: "M4 5.5 8.5 10 4 14.5M10 15h6", isFor: () => true },
  { to: { page: "create" }, icon: "M10 4v12M4 10h12", isFor: isAdmin },
  { to: { page: "sources" }, icon: "M3 6h9l-3-3M17 14H8l3 3", isFor: () => true },
  { to: { page: "health" }, icon: "M3 10.5h3.5l2-5 3 9 2-4H17", isFor: () => true },
  { to: { page: "audit" }, icon: "M5 3.5h10v13H5zM7.5 7.5h5M7.5 10.5h5M7.5 13.5h3", isFor: () => true },
  {
    to: { page: "access" },
    icon: "M12.5 7.5a3 3 0 1 1-6 0 3 3 0 0 1 6 0M4 16.5c.7-3 2.8-4.5 5.5-4.5s4.8 1.5 5.5 4.5",
    isFor: () => true,
  },
  { to: { page: "settings" }, icon: "M3 6h8m4 0h2M3 14h2m4 0h8M13 4v4M7 12v4", isFor: () => true },
]

interface NavigationProps {
  session: Session
  place: Place
  onSignOut: () => void
}

/** Beside the page; on narrow screens a bar above it, with a menu. */
export function Navigation({ session, place, onSignOut }: NavigationProps) {
  const [isOpen, setOpen] = useState(false)
  const { navigation } = texts
  return (
    <header className={isOpen ? "side side-open" : "side"}>
      <div className="side-head">
        <Logo />
        <button
          type="button"
          className="menu-button"
          aria-expanded={isOpen}
          aria-controls="menu"
          aria-label={isOpen ? navigation.close : navigation.open}
          onClick={() => setOpen(!isOpen)}
        >
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <path d={isOpen ? "M5 5l10 10M15 5 5 15" : "M3 6h14M3 10h14M3 14h14"} />
          </svg>
        </button>
      </div>
      <div className="side-menu" id="menu">
        <nav aria-label={navigation.label}>
          <ul>
            {items
              .filter((item) => item.isFor(session))
              .map(({ to, icon }) => (
                <li key={to.page}>
                  <Link
                    to={to}
                    className="side-link"
                    aria-current={isWithin(place, to.page) ? "page" : undefined}
                    onFollow={() => setOpen(false)}
                  >
                    <svg viewBox="0 0 20 20" aria-hidden="true">
                      <path d={icon} />
                    </svg>
                    {navigation[to.page]}
                  </Link>
                </li>
              ))}
          </ul>
        </nav>
        <div className="side-foot">
          <Connection />
          <ThemeChoice />
          <div className="side-person">
            <span title={session.user}>{navigation.signedInAs(session.user, session.role)}</span>
            <Button look="quiet" onClick={onSignOut}>
              {navigation.signOut}
            </Button>
          </div>
        </div>
      </div>
    </header>
  )
}

function isWithin(place: Place, page: Place["page"]): boolean {
  return place.page === page || (page === "overview" && place.page === "integration")
}

function Connection() {
  const { connection, lostAtMs } = useLive()
  const nowMs = useNowMs()
  const { live, connecting, lost } = texts.connection
  const words = { live, connecting, lost: lost(timeText(lostAtMs ?? nowMs, nowMs)) }
  return (
    <p className={`connection connection-${connection}`} role="status">
      <span className="connection-dot" aria-hidden="true" />
      {words[connection]}
    </p>
  )
}
