export const themes = ["system", "light", "dark"] as const
export type Theme = (typeof themes)[number]

const key = "millrace-theme"

/** Kept in this browser; a browser that keeps nothing has the system's. */
export function chosenTheme(): Theme {
  const kept = localStorage.getItem(key)
  return themes.find((one) => one === kept) ?? "system"
}

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(key, theme)
  applyTheme(theme)
}

export function applyTheme(theme: Theme): void {
  const isDark =
    theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches)
  document.documentElement.dataset.theme = isDark ? "dark" : "light"
}

/** The system may change at sunset, while the page is open. */
export function followSystemTheme(): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => applyTheme(chosenTheme()))
}
