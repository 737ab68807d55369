import { texts } from "../texts.ts"

export function Logo() {
  return (
    <span className="logo">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="8" />
        <path d="M6 11c3.3-3 6.7-3 10 0s6.7 3 10 0" />
        <path d="M6 17c3.3-3 6.7-3 10 0s6.7 3 10 0" opacity=".8" />
        <path d="M6 23c3.3-3 6.7-3 10 0s6.7 3 10 0" opacity=".55" />
      </svg>
      {texts.product}
    </span>
  )
}
