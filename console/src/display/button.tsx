import type { ComponentProps, MouseEvent, ReactNode } from "react"
import { goTo, type Place, pathOf } from "../shell/router.ts"

type ButtonProps = ComponentProps<"button"> & { look?: "primary" | "plain" | "danger" | "quiet" }

export function Button({ look = "plain", className = "", ...rest }: ButtonProps) {
  return <button type="button" className={`button button-${look} ${className}`} {...rest} />
}

interface LinkProps {
  to: Place
  className?: string
  children: ReactNode
  "aria-current"?: "page" | undefined
  "aria-label"?: string
  onFollow?: () => void
}

/** A real link, so that it opens in another tab as people ask; here it moves without loading. */
export function Link({ to, onFollow, ...rest }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return
    event.preventDefault()
    goTo(to)
    onFollow?.()
  }
  return <a href={pathOf(to)} onClick={follow} {...rest} />
}
